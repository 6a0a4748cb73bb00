#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-status', process.argv.slice(2))
