#!/usr/bin/env node
import {main} from './main.js'

void main('amavis-service', process.argv.slice(2))
