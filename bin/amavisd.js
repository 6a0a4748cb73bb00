#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd', process.argv.slice(2))
