#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-submit', process.argv.slice(2))
