import Foundation
import Glibc
import TestKit
import Threading

/// A UDP socket of 127.0.0.1 that keeps what arrives, and can send.
final class DatagramSink: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let arrived = Lock<[[UInt8]]>([])

    init() throws {
        port = freePort()
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Self.with(port, { bind(descriptor, $0, $1) }) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EADDRINUSE)
        }
    }

    deinit { close(descriptor) }

    /// Everything that has arrived so far.
    var received: [[UInt8]] {
        arrived.withLock { arrived in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { return arrived }
                arrived.append(Array(buffer[..<count]))
            }
        }
    }

    func send(_ datagram: [UInt8], to port: UInt16) {
        _ = Self.with(port) { sendto(descriptor, datagram, datagram.count, 0, $0, $1) }
    }

    private static func with<Result>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
