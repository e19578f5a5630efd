public import Configuration
internal import JSON

/// One entry of `links[].listen`: `"192.0.2.2:7400"`, or `{ address: "192.0.2.2:7400", interface: "eth1" }`.
///
/// A socket that is bound to an address alone takes what any interface brings to that address: whoever sits in the IT network could speak to
/// the link's socket, past the diode.
public struct ListeningAddress: Hashable, Sendable, CustomStringConvertible {
    public let address: Endpoint
    /// The one network interface that it takes datagrams from (`SO_BINDTODEVICE`); nil: every one.
    public let interface: String?

    public init(address: Endpoint, interface: String? = nil) {
        self.address = address
        self.interface = interface
    }

    public var description: String { interface.map { "\(address) on \($0)" } ?? address.description }
}

extension ConfigKind where Value == ListeningAddress {
    /// An address, or an object of an address and an interface.
    static var listeningAddress: ConfigKind {
        .init(
            allowed: "host:port, or { address: \"host:port\", interface: \"eth1\" }, with a port of 1…65535",
            parse: { value, _ throws(ConfigFault) in
                switch value {
                case .text(let text): return ListeningAddress(address: try endpoint(text))
                case .object(let members):
                    for member in members where !["address", "interface"].contains(member.name) {
                        throw ConfigFault("\"\(member.name)\" is an unknown key")
                    }
                    guard let text = value["address"]?.text else { throw ConfigFault("address is missing, or no text") }
                    let interface = value["interface"] ?? .null
                    if interface == .null { return ListeningAddress(address: try endpoint(text)) }
                    // IFNAMSIZ, less the zero at its end; the kernel allows neither slash nor space.
                    guard let name = interface.text, (1...15).contains(name.utf8.count),
                        name.utf8.allSatisfy({ 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "/") })
                    else { throw ConfigFault("interface is no name of a network interface") }
                    return ListeningAddress(address: try endpoint(text), interface: name)
                default: throw ConfigFault("neither an address nor an object stands here")
                }
            },
            render: { listening in
                guard let interface = listening.interface else { return .text(listening.address.description) }
                return ["address": .text(listening.address.description), "interface": .text(interface)]
            })
    }

    private static func endpoint(_ text: String) throws(ConfigFault) -> Endpoint {
        guard let endpoint = Endpoint(text) else { throw ConfigFault("\"\(text)\" is no address") }
        return endpoint
    }
}
