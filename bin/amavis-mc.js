#!/usr/bin/env node
import {main} from './main.js'

void main('amavis-mc', process.argv.slice(2))
