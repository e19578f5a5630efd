import Glibc
import MQTT
import TestKit
import Threading
import MQTTProtocol

/// A server that lies: it accepts one connection after the other, reads as it is told, and sends any bytes.
final class FakeBroker: Sendable {
    /// What to do on one connection.
    enum Act: Sendable, Equatable {
        /// Waits for so many packets of the client.
        case await(Int)
        case send([UInt8])
        /// Sends a byte so many times.
        case repeated(UInt8, Int)
        /// Reads nothing and sends nothing until the client has gone.
        case stall
        /// Reads until the client has gone.
        case read
        case close
    }

    let port = freePort()
    private let listener: Int32
    private let received = Lock<[[[UInt8]]]>([])
    private let finished = Lock(0)
    private let isOver = Lock(false)

    /// What clients have sent, connection by connection, packet by packet.
    var connections: [[[UInt8]]] { received.withLock { $0 } }

    /// How many connections are over.
    var over: Int { finished.withLock { $0 } }

    /// - Parameter scripts: one for each connection; the last repeats.
    init(_ scripts: [Act]...) throws {
        listener = try listen(on: port)
        _ = try WorkerThread(name: "fake") { [self] in
            var index = 0
            while !isOver.withLock({ $0 }) {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                received.withLock { $0.append([]) }
                play(scripts[min(index, scripts.count - 1)], client)
                close(client)
                finished.withLock { $0 += 1 }
                index += 1
            }
            close(listener)
        }
    }

    func stop() {
        isOver.withLock { $0 = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func play(_ script: [Act], _ client: Int32) {
        var input: [UInt8] = []
        for act in script {
            switch act {
            case .await(let count):
                for _ in 0..<count { guard readPacket(client, &input) else { return } }
            case .send(let bytes): guard sendAll(client, bytes) else { return }
            case .repeated(let byte, let count):
                let piece = [UInt8](repeating: byte, count: 1 << 20)
                for start in stride(from: 0, to: count, by: piece.count) {
                    guard sendAll(client, Array(piece.prefix(count - start))) else { return }
                }
            case .read: while readPacket(client, &input) {}
            case .stall:
                var entry = pollfd(fd: client, events: 0, revents: 0)
                while !isOver.withLock({ $0 }), poll(&entry, 1, 20) == 0 {}
            case .close: return
            }
        }
    }

    private func readPacket(_ client: Int32, _ input: inout [UInt8]) -> Bool {
        while true {
            if let header = try? PacketHeader.decode(input.span.bytes, maximumPacketBytes: 1 << 28),
                header.packetBytes <= input.count
            {
                let packet = Array(input.prefix(header.packetBytes))
                received.withLock { $0[$0.count - 1].append(packet) }
                input.removeFirst(header.packetBytes)
                return true
            }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(client, &bytes, bytes.count, 0)
            guard count > 0 else { return false }
            input += bytes[..<count]
        }
    }
}
