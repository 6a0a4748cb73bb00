#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-release', process.argv.slice(2))
