#!/usr/bin/env node
import {main} from './main.js'

void main('amavis-status', process.argv.slice(2))
