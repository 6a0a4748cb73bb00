#!/usr/bin/env node
import {main} from './main.js'

void main('amavis-services', process.argv.slice(2))
