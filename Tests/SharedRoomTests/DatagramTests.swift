import Glibc
import TestKit
import Testing
import Threading

@testable import DatagramEmission
@testable import DatagramListening
@testable import Datagrams

@Suite("Datagrams", .serialized, .timeLimit(.minutes(1)))
struct DatagramTests {
    @Test("an unknown host is named")
    func unknownHost() {
        var refusal: DatagramError?
        do { _ = try SocketAddress(host: "no-such-host.invalid", port: 1) } catch {
            refusal = error
        }
        #expect(refusal?.description.hasPrefix("host \"no-such-host.invalid\": ") == true)
    }

    @Test("the errors of the interface below an address are counted from the beginning on")
    func interfaces() throws {
        let loopback = InterfaceErrors(below: try SocketAddress(host: "127.0.0.1", port: 1, passive: true))
        #expect(loopback.interfaces == ["lo"] && loopback.count == 0)
        for wildcard in ["0.0.0.0", "::"] {
            let all = InterfaceErrors(below: try SocketAddress(host: wildcard, port: 1, passive: true))
            #expect(!all.interfaces.contains("lo"))
        }
        let elsewhere = InterfaceErrors(below: try SocketAddress(host: "192.0.2.1", port: 1, passive: true))
        #expect(elsewhere.interfaces == [])
        let none = InterfaceErrors(
            below: try SocketAddress(host: "127.0.0.1", port: 1, passive: true), interface: "no-such-0")
        #expect(none.interfaces == ["no-such-0"] && none.count == 0)
    }

    @Test(
        "every frame arrives whole and in order, with and without offload", arguments: [true, false], [1, 100, 1_400])
    func frames(offload: Bool, frameBytes: Int) throws {
        let port = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: port, passive: true)
        var listener = try DatagramListener(on: address, settings: .init(offload: offload))
        var emitter = DatagramEmitter(to: address)
        let batch = DatagramBatch(capacity: 16, messageBytes: offload ? 65_536 : 2_048)
        let total = 500
        var bytes = [UInt8](repeating: 0, count: total * frameBytes)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index / frameBytes &* 7 &+ index) }
        let sent = emitter.emit(bytes.span.bytes, frameBytes: frameBytes)
        #expect(sent == total)
        var received: [UInt8] = []
        var datagrams = 0
        while datagrams < total {
            let count = try listener.receive(into: batch, timeout: .seconds(5))
            guard count > 0 else { break }
            datagrams += count
            batch.forEachDatagram { frame in
                for index in 0..<frame.byteCount {
                    received.append(frame.unsafeLoad(fromByteOffset: index, as: UInt8.self))
                }
            }
        }
        #expect(datagrams == total)
        #expect(received == bytes)
        let counters = emitter.counters
        #expect(counters.sent == UInt64(total) && counters.dropped == 0 && counters.bytes == UInt64(bytes.count))
    }

    @Test("P5 what is sent to the emitter's socket never reaches it, and its filter cannot be taken off")
    func emitterCannotRead() throws {
        let target = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: target)
        let emitter = try EmitterSocket.open(to: address, from: nil, interface: nil)
        defer { close(emitter) }
        // The attacker sits at the very address that the emitter is connected to.
        let attacker = socket(AF_INET, 2, 0)
        defer { close(attacker) }
        #expect(address.withSocketAddress { bind(attacker, $0, $1) } == 0)
        var local = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let delivered = withUnsafeMutablePointer(to: &local) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                getsockname(emitter, pointer, &length) == 0 && sendto(attacker, "hello", 5, 0, pointer, length) == 5
            }
        }
        #expect(delivered)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(recv(emitter, &buffer, 16, Int32(MSG_DONTWAIT)) <= 0)
        var none: Int32 = 0
        #expect(setsockopt(emitter, SOL_SOCKET, SO_DETACH_FILTER, &none, 4) == -1)
        #expect(errno == EPERM)
    }

    @Test("P5 the kernel refuses every send on the listener's socket")
    func listenerCannotSend() throws {
        let address = try SocketAddress(host: "127.0.0.1", port: freePort(), passive: true)
        let listener = try ListenerSocket(address, .init())
        defer { close(listener.descriptor) }
        let target = try SocketAddress(host: "127.0.0.1", port: freePort())
        let sent = target.withSocketAddress {
            sendto(listener.descriptor, "hello", 5, Int32(MSG_NOSIGNAL), $0, $1)
        }
        #expect(sent == -1)
        #expect(errno == EPIPE)
    }

    @Test("a port in use and an address that is not here are refused with address and reason")
    func cannotListen() throws {
        let port = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: port, passive: true)
        let first = try DatagramListener(on: address)
        _ = first.receiveBufferBytes
        #expect(refusal(address) == "cannot listen on 127.0.0.1:\(port): bind: Address already in use")
        let foreign = try SocketAddress(host: "192.0.2.1", port: port, passive: true)
        #expect(refusal(foreign) == "cannot listen on 192.0.2.1:\(port): bind: Cannot assign requested address")
        #expect(
            refusal(address, interface: "nosuch0")
                == "cannot listen on 127.0.0.1:\(port): there is no network interface of this name"
                + " (setsockopt SO_BINDTODEVICE nosuch0: No such device)")
    }

    @Test("P6 frames for a port that nobody listens on are sent all the same, and reach it once somebody does")
    func refusedIsNotFatal() throws {
        let port = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: port, passive: true)
        var emitter = DatagramEmitter(to: address)
        let frame = [UInt8](repeating: 7, count: 64)
        var sent = 0
        for _ in 0..<20 { sent += emitter.emit(frame.span.bytes, frameBytes: 64) }
        #expect(sent == 20)
        var listener = try DatagramListener(on: address)
        let batch = DatagramBatch()
        sent = emitter.emit(frame.span.bytes, frameBytes: 64)
        #expect(sent == 1)
        let received = try listener.receive(into: batch, timeout: .seconds(5))
        #expect(received == 1)
    }

    @Test("P6 an emitter whose interface is missing drops, counts and says why, and does not end")
    func missingInterface() throws {
        let address = try SocketAddress(host: "127.0.0.1", port: freePort())
        var emitter = DatagramEmitter(to: address, interface: "nosuch0")
        let sent = emitter.emit([UInt8](repeating: 0, count: 30).span.bytes, frameBytes: 10)
        #expect(sent == 0)
        let dropped = emitter.counters.dropped
        let reason = emitter.failure?.description
        #expect(dropped == 3)
        #expect(
            reason == "cannot send to \(address): there is no network interface of this name"
                + " (setsockopt SO_BINDTODEVICE nosuch0: No such device)")
    }

    @Test("P9 datagrams that the socket had no room for, or that are longer than a slot, are counted")
    func drops() throws {
        let port = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: port, passive: true)
        var listener = try DatagramListener(on: address, settings: .init(receiveBufferBytes: 8_192, offload: false))
        let batch = DatagramBatch(capacity: 8, messageBytes: 512)
        var emitter = DatagramEmitter(to: address)
        emitter.emit([UInt8](repeating: 1, count: 200 * 500).span.bytes, frameBytes: 500)
        var taken = 0
        while case let count = try listener.receive(into: batch, timeout: .zero), count > 0 { taken += count }
        emitter.emit([UInt8](repeating: 1, count: 500).span.bytes, frameBytes: 500)
        taken += try listener.receive(into: batch, timeout: .seconds(5))
        let drops = listener.socketDrops
        #expect(drops > 0)
        #expect(UInt64(taken) + drops == 201)
        emitter.emit([UInt8](repeating: 1, count: 600).span.bytes, frameBytes: 600)
        let long = try listener.receive(into: batch, timeout: .seconds(5))
        let truncated = listener.truncated
        #expect(long == 0 && truncated == 1)
    }

    private func refusal(_ address: SocketAddress, interface: String? = nil) -> String? {
        do {
            _ = try DatagramListener(on: address, settings: .init(interface: interface))
            return nil
        } catch { return error.description }
    }
}
