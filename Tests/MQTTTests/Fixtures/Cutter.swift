import Glibc
import MQTT
import TestKit
import Threading

/// A TCP relay on 127.0.0.1 that can cut every connection through it, as a switch that restarts would.
final class Cutter: Sendable {
    let port: UInt16
    private let server: UInt16
    private let listener: Int32
    private let open = Lock<[Int32]>([])
    private let isOver = Lock(false)

    init(to server: UInt16) throws {
        self.server = server
        port = freePort()
        listener = try listen(on: port)
        let thread = try WorkerThread(name: "cutter") { [self] in acceptAll() }
        _ = thread
    }

    /// Resets every connection that stands now. New ones are relayed.
    func cut() {
        open.withLock { descriptors in
            for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
            descriptors.removeAll()
        }
    }

    func stop() {
        isOver.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private func acceptAll() {
        while !isOver.withLock({ $0 }) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            let upstream = dial(server)
            guard upstream >= 0 else {
                close(client)
                continue
            }
            open.withLock { $0 += [client, upstream] }
            _ = try? WorkerThread(name: "relay") { [self] in relay(client, upstream) }
        }
        close(listener)
    }

    private func relay(_ a: Int32, _ b: Int32) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var entries = [
            pollfd(fd: a, events: Int16(POLLIN), revents: 0), pollfd(fd: b, events: Int16(POLLIN), revents: 0),
        ]
        loop: while poll(&entries, 2, -1) > 0 {
            for (from, to) in [(0, 1), (1, 0)] where entries[from].revents != 0 {
                let count = recv(entries[from].fd, &bytes, bytes.count, 0)
                guard count > 0, sendAll(entries[to].fd, Array(bytes[..<count])) else { break loop }
            }
        }
        open.withLock { $0.removeAll { $0 == a || $0 == b } }
        close(a)
        close(b)
    }
}

/// A listening socket on 127.0.0.1.
func listen(on port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError.last("socket") }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    let code = withAddress(port) { bind(descriptor, $0, $1) }
    guard code == 0, listen(descriptor, 16) == 0 else { throw SystemError.last("bind") }
    return descriptor
}

/// A connection to 127.0.0.1; negative if there is none.
func dial(_ port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
        close(descriptor)
        return -1
    }
    return descriptor
}

func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
    }
    return true
}

private func withAddress<Result>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
