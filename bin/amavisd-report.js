#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-report', process.argv.slice(2))
