/// What a datagram costs on an Ethernet link, so that `link.rate` means what the wire and the diode count.
///
/// ```text
/// ┌──────────┬────────┬────────┬─────┬─────────────────────┬─────┬─────┐
/// │ preamble │ header │ IP     │ UDP │ frame of WIRE.md §1 │ FCS │ gap │   bits = 8 · (max(46, IP + 8 + frame) + 38)
/// │ 8        │ 14     │ 20, 40 │ 8   │ n                   │ 4   │ 12  │
/// └──────────┴────────┴────────┴─────┴─────────────────────┴─────┴─────┘
/// ```
///
/// IEEE 802.3 clauses 3.1.1 and 4.4.2: preamble and start 8 bytes, header 14, FCS 4, gap 12, shortest payload 46. A
/// VLAN tag (4 bytes) is not counted.
public struct EthernetFraming: Sendable, Equatable {
    /// The largest IP packet of the path, in bytes.
    public let mtuBytes: Int
    /// IP and UDP headers: 28 bytes for IPv4, 48 for IPv6.
    public let headerBytes: Int

    /// - Parameters:
    ///   - mtuBytes: 576…65,535.
    ///   - ipv6: whether the path runs over IPv6.
    public init(mtuBytes: Int, ipv6: Bool = false) {
        precondition((576...65_535).contains(mtuBytes), "an MTU is 576…65,535 bytes")
        self.mtuBytes = mtuBytes
        headerBytes = ipv6 ? 48 : 28
    }

    /// The longest UDP payload that is not fragmented.
    public var datagramBytes: Int { mtuBytes - headerBytes }

    /// Bits on the wire of one datagram with `payloadBytes` of UDP payload.
    public func bits(payloadBytes: Int) -> Int {
        8 * (max(46, headerBytes + payloadBytes) + 38)
    }
}
