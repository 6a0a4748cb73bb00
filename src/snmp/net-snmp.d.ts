/** What we use of the package, which has no types of its own. */
declare module 'net-snmp' {
  interface AgentXVariables {
    readonly pduType: number
    readonly sessionID?: number
    readonly transactionID?: number
    readonly packetID?: number
    readonly timeout?: number
    readonly oid?: string
    readonly descr?: string
    readonly error?: number
    readonly index?: number
    readonly varbinds?: readonly {
      readonly oid: string
      readonly type: number
      readonly value: number | bigint | string | null
    }[]
  }
  const snmp: {
    readonly AgentXPdu: {createFromVariables(variables: AgentXVariables): {toBuffer(): Buffer}}
    readonly AgentXPduType: Readonly<Record<'Open' | 'Close' | 'Register' | 'Ping' | 'Response', number>>
  }
  export default snmp
}
