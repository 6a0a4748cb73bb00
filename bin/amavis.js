#!/usr/bin/env node
import {main} from './main.js'

void main('amavis', process.argv.slice(2))
