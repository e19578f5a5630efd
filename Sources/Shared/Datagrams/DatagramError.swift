public import Threading

/// What is wrong with an address or a socket. `description` is one line that names what and where.
public enum DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The host name has no address.
    case unresolvable(host: String, reason: String)
    /// The kernel refused to receive there.
    case cannotListen(address: String, SystemError)
    /// The kernel refused to send there.
    case cannotSend(address: String, SystemError)

    public var description: String {
        switch self {
        case .unresolvable(let host, let reason): "host \"\(host)\": \(reason)"
        case .cannotListen(let address, let error): "cannot listen on \(address): \(error)"
        case .cannotSend(let address, let error): "cannot send to \(address): \(error)"
        }
    }
}
