package import CLinux
internal import Glibc
internal import Threading

/// An IPv4 or IPv6 address and a UDP port, as the kernel takes them.
public struct SocketAddress: Sendable, CustomStringConvertible {
    /// The text it was made from, for messages.
    public let description: String
    private let storage: sockaddr_storage
    private let length: socklen_t

    /// Looks up a host; a numeric one needs no network. Blocks as long as the resolver does.
    /// - Parameters:
    ///   - host: a name, or an address without brackets, possibly with a zone (`fe80::1%eth1`).
    ///   - port: a UDP port; 0 lets the kernel choose, which only a source may.
    ///   - passive: whether it is to be listened on.
    /// - Throws: `unresolvable` with the resolver's reason.
    public init(host: String, port: UInt16, passive: Bool = false) throws(DatagramError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let first = list?.pointee, let address = first.ai_addr,
            first.ai_addrlen <= MemoryLayout<sockaddr_storage>.size
        else {
            let reason =
                code == EAI_SYSTEM ? SystemError.last("getaddrinfo").reason : String(cString: gai_strerror(code))
            throw .unresolvable(host: host, reason: reason)
        }
        var storage = sockaddr_storage()
        // Safe: ai_addrlen bytes lie behind ai_addr, and they were just found to fit.
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(first.ai_addrlen)))
        }
        self.storage = storage
        length = first.ai_addrlen
        description = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether datagrams travel over IPv6, whose header is 20 bytes longer.
    public var isIPv6: Bool { family == AF_INET6 }

    /// `AF_INET` or `AF_INET6`.
    package var family: Int32 { Int32(storage.ss_family) }

    /// Whether an interface's address receives what is sent to this one.
    /// - Parameter other: of as many bytes as its family has.
    package func isHeld(by other: UnsafePointer<sockaddr>, isLoopback: Bool) -> Bool {
        guard Int32(other.pointee.sa_family) == family else { return false }
        let (own, others) = (Self.bytes(storage), Self.bytes(of: other, isIPv6: isIPv6))
        return own.allSatisfy { $0 == 0 } ? !isLoopback : own == others
    }

    private static func bytes(_ storage: sockaddr_storage) -> [UInt8] {
        withUnsafePointer(to: storage) { pointer in
            // Safe: a sockaddr_storage is laid out to be read as a sockaddr of its family.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bytes(of: $0, isIPv6: Int32(storage.ss_family) == AF_INET6)
            }
        }
    }

    /// The address alone, without port and zone.
    private static func bytes(of address: UnsafePointer<sockaddr>, isIPv6: Bool) -> [UInt8] {
        // Safe: the family says which of the two it is.
        if isIPv6 {
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
            }
        }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
            withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) }
        }
    }

    /// What a socket call takes, for the time of that call.
    package func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            // Safe: a sockaddr_storage is laid out to be read as a sockaddr of its family.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
