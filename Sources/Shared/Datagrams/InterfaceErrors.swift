internal import Glibc

/// What the network interfaces below a listening address could not take, as their drivers count it: frames that came damaged or that a
/// full ring had no room for (Linux, Documentation/networking/statistics.rst). `rx_dropped` is not among them, because it
/// counts frames that nobody had asked for, too.
public struct InterfaceErrors: Sendable {
    private static let counters = [
        "rx_missed_errors", "rx_fifo_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
    ]

    /// Their names.
    public let interfaces: [String]
    private let before: UInt64

    /// Counts from here on.
    /// - Parameter interface: the one that is listened on; nil: all that have the address, or for a wildcard all but the loopback.
    public init(below address: SocketAddress, interface: String? = nil) {
        interfaces = interface.map { [$0] } ?? Self.interfaces(with: address)
        before = Self.sum(interfaces)
    }

    /// Frames since the beginning, as far as the drivers tell.
    public var count: UInt64 {
        let now = Self.sum(interfaces)
        // A driver that is loaded again counts from zero.
        return now - min(now, before)
    }

    private static func sum(_ interfaces: [String]) -> UInt64 {
        var sum: UInt64 = 0
        for interface in interfaces {
            for counter in counters { sum &+= number(in: "/sys/class/net/\(interface)/statistics/\(counter)") }
        }
        return sum
    }

    /// A decimal number in a small file; 0 where there is none.
    private static func number(in path: String) -> UInt64 {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file, &bytes, bytes.count)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    private static func interfaces(with address: SocketAddress) -> [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var names: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let own = entry.ifa_addr else { continue }
            // Safe: the kernel's list holds addresses of the length that their family says.
            guard address.isHeld(by: own, isLoopback: entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0) else {
                continue
            }
            names.insert(String(cString: entry.ifa_name))
        }
        return names.sorted()
    }
}
