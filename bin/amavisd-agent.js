#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-agent', process.argv.slice(2))
