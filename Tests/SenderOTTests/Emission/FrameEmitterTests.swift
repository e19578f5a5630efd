import Crypto
import Datagrams
import DiodeProtocol
import FEC
import TestKit
import Testing
import Threading

@testable import SenderOT
@testable import SenderOTCore
@testable import SenderOTEmission
import Time

/// The emitter's thread on real sockets of the loopback.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct FrameEmitterTests {
    private static let geometry = BlockGeometry(
        framing: EthernetFraming(mtuBytes: 1_500), repair: RepairRatio(share: 0.2, minimum: 4))

    private static func signer() throws -> Ed25519Signer {
        try Ed25519Signer(seed: [UInt8](repeating: 42, count: 32).span.bytes)
    }

    /// A block of records that no compressor makes smaller.
    private static func blocks(_ count: Int, bytes: Int) throws -> [ClosedBlock] {
        let rig = try CoreRig()
        var random = SeededGenerator(seed: 7)
        for _ in 0..<count {
            rig.publish("acme/line", (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) })
            try rig.endGulp(idle: true)
        }
        return rig.blocks
    }

    private func emitter(
        to sink: FrameSink, rate: UInt64 = 1_000_000_000, spread: Duration = .milliseconds(5), queue: TransmissionQueue
    ) throws -> FrameEmitter {
        let settings = FrameEmitter.Settings(
            bitsPerSecond: rate, framing: Self.geometry.framing, repairSpread: spread)
        return try FrameEmitter(settings, signer: try Self.signer(), paths: [try sink.path], queue: queue)
    }

    @Test("what is offered arrives, verifies with the public key and decodes, and draining waits for all of it")
    func arrives() async throws {
        let sink = try FrameSink(trusting: try Self.signer().publicKey)
        defer { sink.stop() }
        let queue = try TransmissionQueue()
        let emitter = try emitter(to: sink, queue: queue)
        let blocks = try Self.blocks(40, bytes: 20_000)
        for block in blocks { #expect(queue.offer(Transmission(first: block))) }
        queue.finish()
        emitter.drain(until: .distantFuture)
        #expect(queue.isIdle)
        #expect(queue.newestLeft.block.rawValue == 40)
        #expect(queue.newestLeft.sequence.rawValue == 40)
        let frames = blocks.reduce(0) { $0 + $1.shape.symbolCount }
        #expect(await eventually { sink.snapshot.arrivals.count == frames })
        let seen = sink.snapshot
        #expect(seen.stream.records.count == 40)
        #expect(seen.refused == 0)
        #expect(seen.failures.isEmpty)
        let progress = emitter.progress
        #expect(progress.frames == UInt64(frames))
        #expect(progress.transmissions == 40)
        #expect(progress.bytes == UInt64(seen.arrivals.reduce(0) { $0 + $1.bytes }))
        #expect(progress.failure == nil)
    }

    @Test("the link never carries more than its rate in Ethernet bits")
    func rate() async throws {
        let sink = try FrameSink(trusting: try Self.signer().publicKey)
        defer { sink.stop() }
        let queue = try TransmissionQueue(laneBytes: 64 << 20)
        let rate: UInt64 = 40_000_000
        let emitter = try emitter(to: sink, rate: rate, queue: queue)
        let blocks = try Self.blocks(20, bytes: 100_000)
        let bits = blocks.reduce(0) { sum, block in
            let path = TransmissionHeader.pathLength(symbolCount: block.shape.symbolCount)
            let bytes = WireLimits.frameOverheadBytes + 16 * path + block.shape.symbolBytes
            return sum + block.shape.symbolCount * Self.geometry.framing.bits(payloadBytes: bytes)
        }
        let start = MonotonicClock.now()
        for block in blocks { #expect(queue.offer(Transmission(first: block))) }
        queue.finish()
        emitter.drain(until: .distantFuture)
        let seconds = start.duration(to: MonotonicClock.now()) / .seconds(1)
        #expect(Double(bits) / seconds <= Double(rate) * 1.01)
    }

    @Test("repair symbols leave repair_spread after the last source symbol", arguments: [0, 30])
    func spread(milliseconds: Int) async throws {
        let sink = try FrameSink(trusting: try Self.signer().publicKey)
        defer { sink.stop() }
        let queue = try TransmissionQueue()
        let emitter = try emitter(to: sink, spread: .milliseconds(milliseconds), queue: queue)
        let blocks = try Self.blocks(3, bytes: 30_000)
        let offered = MonotonicClock.now()
        for block in blocks { #expect(queue.offer(Transmission(first: block))) }
        queue.finish()
        emitter.drain(until: .distantFuture)
        let frames = blocks.reduce(0) { $0 + $1.shape.symbolCount }
        #expect(await eventually { sink.snapshot.arrivals.count == frames }, "\(sink.snapshot.arrivals.count)")
        let arrivals = Dictionary(grouping: sink.snapshot.arrivals, by: \.header.id.block)
        for (_, arrivals) in arrivals {
            let sources = arrivals.prefix { $0.symbol < $0.header.sourceSymbols }
            #expect(sources.count == sources.first?.header.sourceSymbols, "repairs come after all sources")
            // When the sources left is not known here, but it was after they were offered.
            let repair = try #require(arrivals.dropFirst(sources.count).map(\.at).min())
            #expect(offered.duration(to: repair) >= .milliseconds(milliseconds))
        }
    }

    @Test("a beat overtakes live blocks that wait for the link")
    func beatFirst() async throws {
        let sink = try FrameSink(trusting: try Self.signer().publicKey)
        defer { sink.stop() }
        let queue = try TransmissionQueue(laneBytes: 64 << 20)
        let emitter = try emitter(to: sink, rate: 20_000_000, queue: queue)
        for block in try Self.blocks(10, bytes: 100_000) { #expect(queue.offer(Transmission(first: block))) }
        let rig = try CoreRig()
        try rig.pass(.zero)
        let beat = try #require(rig.beats.first)
        #expect(await eventually { sink.snapshot.arrivals.count > 100 })
        #expect(queue.offer(Transmission(first: beat)))
        queue.finish()
        emitter.drain(until: .distantFuture)
        #expect(await eventually { sink.snapshot.beats.count == 1 && sink.snapshot.stream.records.count == 10 })
        let arrivals = sink.snapshot.arrivals
        let beatAt = try #require(arrivals.firstIndex { $0.header.id.channel == .beat })
        #expect(arrivals.count - beatAt > 100, "live was still waiting when the beat arrived")
    }

    @Test("a full queue refuses, gives room as frames leave, and nothing is lost")
    func bounded() async throws {
        let sink = try FrameSink(trusting: try Self.signer().publicKey)
        defer { sink.stop() }
        let queue = try TransmissionQueue(laneBytes: 200_000)
        let emitter = try emitter(to: sink, rate: 100_000_000, queue: queue)
        var refusals = 0
        for block in try Self.blocks(20, bytes: 60_000) {
            while !queue.offer(Transmission(first: block)) {
                refusals += 1
                queue.waitForRoom(timeout: .seconds(5))
            }
        }
        queue.finish()
        emitter.drain(until: .distantFuture)
        #expect(refusals > 0)
        #expect(await eventually { sink.snapshot.stream.records.count == 20 })
    }

    @Test("P1 frames that the kernel refuses are held and told, and a drain ends at its deadline")
    func held() async throws {
        let queue = try TransmissionQueue()
        let path = LinkPath(
            to: try SocketAddress(host: "127.0.0.1", port: freePort()), interface: "diode-missing")
        let settings = FrameEmitter.Settings(bitsPerSecond: 1_000_000_000, framing: Self.geometry.framing)
        let emitter = try FrameEmitter(settings, signer: try Self.signer(), paths: [path], queue: queue)
        for block in try Self.blocks(2, bytes: 100) { #expect(queue.offer(Transmission(first: block))) }
        #expect(await eventually { emitter.progress.failure != nil })
        #expect(emitter.progress.frames == 0)
        #expect(queue.unsentBlocks == 2)
        queue.finish()
        emitter.drain(until: MonotonicClock.now().advanced(by: .milliseconds(100)))
        #expect(queue.unsentBlocks == 2, "nobody may think that they were sent")
    }

    @Test("with two paths each frame goes over both, and one that is broken does not stop the other")
    func twoPaths() async throws {
        let first = try FrameSink(trusting: try Self.signer().publicKey)
        let second = try FrameSink(trusting: try Self.signer().publicKey)
        defer {
            first.stop()
            second.stop()
        }
        let queue = try TransmissionQueue()
        let broken = LinkPath(
            to: try SocketAddress(host: "127.0.0.1", port: freePort()), interface: "diode-missing")
        let settings = FrameEmitter.Settings(bitsPerSecond: 1_000_000_000, framing: Self.geometry.framing)
        let emitter = try FrameEmitter(
            settings, signer: try Self.signer(), paths: [broken, try first.path, try second.path], queue: queue)
        for block in try Self.blocks(5, bytes: 5_000) { #expect(queue.offer(Transmission(first: block))) }
        queue.finish()
        emitter.drain(until: .distantFuture)
        for sink in [first, second] {
            #expect(await eventually { sink.snapshot.stream.records.count == 5 })
        }
        let reports = emitter.progress.paths
        #expect(reports.map { $0.failure != nil } == [true, false, false])
    }
}
