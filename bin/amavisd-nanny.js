#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-nanny', process.argv.slice(2))
