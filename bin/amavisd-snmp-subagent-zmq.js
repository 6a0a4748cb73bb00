#!/usr/bin/env node
import {main} from './main.js'

void main('amavisd-snmp-subagent-zmq', process.argv.slice(2))
