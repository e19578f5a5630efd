import Account
import Configuration
import DatagramEmission
import Datagrams
import Deliveries
import DiodeProtocol
import EventLog
import FEC
import Foundation
import Outbox
import ReceiverIT
import SenderOTCore
import TestKit
import Threading
import Time

/// How long genuine records wait while somebody fills the link with forged frames that bear its fingerprint (W-17, D1): 50 blocks a
/// second of one reading each, from the socket to the outbox of a receiver as the daemon runs it. The peer is the same without forged frames.
func benchFrontDoor() async throws -> [BenchRow] {
    let quiet = try FrontDoor(forgedPerSecond: 0).run()
    var rows = quiet.rows("no forged frames", beside: nil)
    for rate in [2_000, 8_000, 20_000] {
        rows += try FrontDoor(forgedPerSecond: rate).run().rows("\(rate) forged frames/s", beside: quiet)
    }
    return rows
}

/// One receiver, one genuine sender, and one that forges.
private struct FrontDoor {
    private static let seconds = 6
    private static let blocksPerSecond = 50
    /// After the last block, for what still waits.
    private static let patience = Duration.seconds(6)

    let forgedPerSecond: Int

    struct Outcome {
        let delays: [Duration]
        let sent: Int

        func rows(_ name: String, beside peer: Outcome?) -> [BenchRow] {
            func row(_ what: String, _ figure: (Outcome) -> Double, _ unit: String) -> BenchRow {
                BenchRow("\(name), \(what)", figure(self), unit, peer: peer.map { ("none forged", figure($0)) })
            }
            return [
                row("p50", { $0.milliseconds(0.5) }, "ms"), row("p99", { $0.milliseconds(0.99) }, "ms"),
                row("arrived", { 100 * Double($0.delays.count) / Double($0.sent) }, "%"),
            ]
        }

        private func milliseconds(_ share: Double) -> Double {
            guard !delays.isEmpty else { return .infinity }
            return delays.sorted()[min(delays.count - 1, Int(share * Double(delays.count)))] / .milliseconds(1)
        }
    }

    func run() throws -> Outcome {
        let folder = try TemporaryDirectory("front-door")
        let count = Self.seconds * Self.blocksPerSecond
        let tape = try FrameTape(
            .readings,
            BlockGeometry(
                framing: EthernetFraming(mtuBytes: 1_500), repair: RepairRatio(share: 0.2, minimum: 4),
                maximumSourceSymbols: 100), lone: count)
        let port = freePort()
        try folder.write("bench.card", tape.card.text)
        try folder.write(
            "recv.json5",
            """
            { links: [{ name: "bench", card: "bench.card", listen: ["127.0.0.1:\(port)"] }],
              broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db" }
            """)
        let service = try ReceiverService(
            try ReceiverConfiguration(path: folder.file("recv.json5")), log: EventLog(threshold: .error))
        try service.start(.init(status: { _ in }, episode: { _, _ in }))
        defer { service.close() }
        guard let output = service.outbox(of: "bench")?.mqtt else { throw WrongResult(name: "no outbox") }
        let address = try SocketAddress(host: "127.0.0.1", port: port)
        let forger = try forge(tape, to: address)
        defer { forger.stop() }
        Thread.sleep(forTimeInterval: 0.5)
        var emitter = DatagramEmitter(to: address)
        var sentAt: [UInt64: MonotonicInstant] = [:]
        var delays: [Duration] = []
        var next = MonotonicClock.now()
        var sent = 0
        let end = next.advanced(by: .seconds(Self.seconds)).advanced(by: Self.patience)
        while delays.count < count, MonotonicClock.now() < end {
            if sent < count, next <= MonotonicClock.now() {
                let block = tape.blocks[sent]
                sent += 1
                sentAt[UInt64(sent)] = MonotonicClock.now()
                emitter.emit(block.frames.span.bytes, frameBytes: block.frameBytes)
                next = next.advanced(by: .nanoseconds(1_000_000_000 / Self.blocksPerSecond))
            }
            let taken = output.take(records: 1_000, bytes: .max)
            let now = MonotonicClock.now()
            for each in taken {
                if let began = sentAt.removeValue(forKey: each.delivery.stamp.sequence.rawValue) {
                    delays.append(began.duration(to: now))
                }
            }
            output.settle(taken.map { OutboxSettlement(position: $0.position, disposition: .published) })
            MonotonicClock.sleep(until: now.advanced(by: .milliseconds(1)))
        }
        return Outcome(delays: delays, sent: count)
    }

    /// Sends frames of plausible blocks that nobody signed, at an even pace.
    private func forge(_ tape: FrameTape, to address: SocketAddress) throws -> Forger {
        let template = Array(tape.blocks[0].frames.prefix(tape.blocks[0].frameBytes))
        return try Forger(template, perSecond: forgedPerSecond, to: address)
    }
}

/// A thread that sends forged frames.
private final class Forger: Sendable {
    private let stopping = Lock(false)
    private let thread: WorkerThread

    init(_ template: [UInt8], perSecond: Int, to address: SocketAddress) throws {
        let stopping = stopping
        thread = try WorkerThread(name: "forge") {
            var emitter = DatagramEmitter(to: address)
            var random = SystemRandomNumberGenerator()
            var next = MonotonicClock.now()
            // A millisecond's worth at a time.
            let batch = max(1, perSecond / 1_000)
            while !stopping.withLock({ $0 }) {
                guard perSecond > 0 else {
                    MonotonicClock.sleep(until: MonotonicClock.now().advanced(by: .milliseconds(50)))
                    continue
                }
                for _ in 0..<batch {
                    var frame = template
                    // Numbers that a healthy sender may use: bytes 40 to 47 are the block.
                    let block = UInt64.random(in: 1...1_000_000_000, using: &random)
                    withUnsafeBytes(of: block.bigEndian) { frame.replaceSubrange(40..<48, with: $0) }
                    emitter.emit(frame.span.bytes, frameBytes: frame.count)
                }
                next = next.advanced(by: .nanoseconds(Int64(batch) * 1_000_000_000 / Int64(perSecond)))
                MonotonicClock.sleep(until: next)
            }
        }
    }

    func stop() {
        stopping.withLock { $0 = true }
        thread.join()
    }
}
