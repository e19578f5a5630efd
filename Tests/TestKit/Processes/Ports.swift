import Glibc
import Threading

/// A port of 127.0.0.1 that nobody uses, for TCP and for UDP; never the same twice in one process.
///
/// It lies below the range from which the kernel takes the ports of outgoing connections, so none of those can take it before
/// its user binds it.
public func freePort() -> UInt16 {
    for _ in 0..<10_000 {
        let candidate = UInt16.random(in: 15_000..<32_000)
        let isNew = handedOut.withLock { $0.insert(candidate).inserted }
        if isNew, canBind(candidate, SOCK_STREAM), canBind(candidate, SOCK_DGRAM) { return candidate }
    }
    preconditionFailure("no free port in 10,000 tries")
}

private let handedOut = Lock<Set<UInt16>>([])

private func canBind(_ port: UInt16, _ kind: __socket_type) -> Bool {
    let descriptor = socket(AF_INET, Int32(kind.rawValue), 0)
    defer { close(descriptor) }
    return withLoopback(port) { bind(descriptor, $0, $1) } == 0
}

/// Calls `body` with the address 127.0.0.1:`port`, valid during the call.
func withLoopback<Result>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
}

/// Whether something accepts TCP connections at 127.0.0.1:`port`.
public func acceptsConnections(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return withLoopback(port) { connect(descriptor, $0, $1) } == 0
}
