internal import Glibc
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
        case .cannotListen(let address, let error): "cannot listen on \(address): \(Self.reason(error))"
        case .cannotSend(let address, let error): "cannot send to \(address): \(Self.reason(error))"
        }
    }

    /// What the kernel says of an interface, with what to do.
    private static func reason(_ error: SystemError) -> String {
        guard error.call.contains(boundOption) else { return error.description }
        switch error.code {
        case ENODEV: return "there is no network interface of this name (\(error))"
        case EPERM: return "binding to an interface is not allowed: it needs CAP_NET_RAW before Linux 5.7 (\(error))"
        default: return error.description
        }
    }

    package static let boundOption = "SO_BINDTODEVICE"
}
