#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-requeue', process.argv.slice(2))
