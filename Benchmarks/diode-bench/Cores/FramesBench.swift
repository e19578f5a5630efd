import Crypto
import DiodeProtocol
import FEC
import SenderOT
import SenderOTCore

/// Frames a second on one core: records to signed frames, and frames to deliveries.
///
/// The peer is libcrypto doing the unavoidable on the same symbols: hash each one that counts once, and one signature or
/// verification a block. A receiver that needs K of N frames hashes K.
func benchFrames() throws -> [BenchRow] {
    let small = try FramesCase(.bulk, sourceSymbols: 32, repair: RepairRatio(share: 0.125, minimum: 4), blocks: 400)
    let large = try FramesCase(.bulk, sourceSymbols: 100, repair: RepairRatio(share: 0.2, minimum: 4), blocks: 160)
    let readings = try FramesCase(
        .readings, sourceSymbols: 104, repair: RepairRatio(share: 0.2, minimum: 4), blocks: 160)
    let sealed = try FramesCase(
        .bulk, sourceSymbols: 100, repair: RepairRatio(share: 0.2, minimum: 4), blocks: 160,
        seal: SealKey(try X25519PrivateKey()))
    let rows = try [small, large, sealed].flatMap { bench in
        try bench.send() + bench.receive(loss: 0) + bench.receive(loss: 0.01)
    }
    return try rows + readings.recordRates() + loneRecord()
}

/// What one record costs on the wire when nothing else is sent, repair included.
private func loneRecord() throws -> [BenchRow] {
    let geometry = BlockGeometry(
        framing: EthernetFraming(mtuBytes: 1_500), repair: RepairRatio(share: 0.2, minimum: 4),
        maximumSourceSymbols: 104)
    return try [nil, SealKey(try X25519PrivateKey())].map { seal in
        var sender = try SendingSide(geometry, seal: seal)
        try sender.encode(sender.loneBlock(of: .lone))
        let name = "\(RecordSet.lone.name)\(seal == nil ? "" : ", sealed"), \(sender.arena.frameCount) frames"
        return BenchRow(name, Double(sender.wireBytes), "bytes from IP up")
    }
}

/// One kind of block, sent and received.
private struct FramesCase {
    private let records: RecordSet
    private let geometry: BlockGeometry
    private let tape: FrameTape
    /// Blocks at the beginning that warm up caches and reused memory, and are not timed.
    private let warmup = 16
    private let runs = 5

    init(
        _ records: RecordSet, sourceSymbols: Int, repair: RepairRatio, blocks: Int, seal: SealKey? = nil
    ) throws {
        self.records = records
        geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: 1_500), repair: repair, maximumSourceSymbols: sourceSymbols)
        tape = try FrameTape(records, geometry, blocks: warmup + blocks, seal: seal)
    }

    private var shape: BlockGeometry.Shape { tape.blocks[0].shape }
    private var name: String {
        "(\(shape.sourceSymbols),\(shape.symbolCount - shape.sourceSymbols)) × \(shape.symbolBytes)"
            + (tape.seal == nil ? "" : ", sealed")
    }
    private var timed: ArraySlice<FrameTape.Block> { tape.blocks[warmup...] }

    /// Records to frames.
    func send() throws -> [BenchRow] {
        let seconds = try sendingSeconds()
        return rows(
            "send \(name)", frames: timed.reduce(0) { $0 + $1.shape.symbolCount }, seconds,
            try cryptography {
                try $0.send(symbols: shape.symbolCount)
            })
    }

    /// Frames to deliveries.
    func receive(loss: Double) throws -> [BenchRow] {
        let arrivals = tape.arrivals(loss: loss)
        let seconds = try receivingSeconds(arrivals)
        return rows(
            "receive \(name), \(loss == 0 ? "no" : "1 %") loss",
            frames: arrivals[warmup...].reduce(0) { $0 + $1.count },
            seconds, try cryptography { try $0.receive(symbols: shape.sourceSymbols) })
    }

    /// The same by records.
    func recordRates() throws -> [BenchRow] {
        let count = Double(timed.reduce(0) { $0 + $1.records })
        let megabytes = Double(timed.reduce(0) { $0 + $1.plainBytes }) * 1e-6
        let sending = try sendingSeconds()
        let receiving = try receivingSeconds(tape.arrivals(loss: 0))
        return [
            BenchRow("send \(records.name)", count / sending, "records/s"),
            BenchRow("send \(records.name)", megabytes / sending, "MB/s before compression"),
            BenchRow("receive \(records.name)", count / receiving, "records/s"),
            BenchRow("receive \(records.name)", megabytes / receiving, "MB/s before compression"),
        ]
    }

    private func rows(_ name: String, frames: Int, _ seconds: Double, _ alone: Double) -> [BenchRow] {
        let megabytes = Double(timed.reduce(0) { $0 + $1.sourceBytes }) * 1e-6
        return [
            BenchRow(name, Double(frames) / seconds, "frames/s"),
            BenchRow(name, megabytes / seconds, "MB/s", peer: ("libcrypto alone", megabytes / alone)),
        ]
    }

    private func sendingSeconds() throws -> Double {
        try Timing.medianSeconds(runs: runs) {
            var sender = try SendingSide(geometry, seal: tape.seal)
            for _ in 0..<warmup { try sender.encode(sender.nextBlock(of: records)) }
            return try Timing.seconds {
                for _ in timed { try sender.encode(sender.nextBlock(of: records)) }
            }
        }
    }

    private func receivingSeconds(_ arrivals: [[Int]]) throws -> Double {
        try Timing.medianSeconds(runs: runs) {
            var receiver = try ReceivingSide(tape)
            var released = 0
            for index in 0..<warmup { released += receiver.receive(tape.blocks[index], arriving: arrivals[index]) }
            let seconds = Timing.seconds {
                for index in timed.indices {
                    released += receiver.receive(tape.blocks[index], arriving: arrivals[index])
                }
            }
            guard released == tape.blocks.reduce(0, { $0 + $1.records }) else { throw WrongResult(name: name) }
            return seconds
        }
    }

    /// Seconds that libcrypto takes for all timed blocks.
    private func cryptography(_ block: (CryptographyAlone) throws -> Void) throws -> Double {
        let alone = try CryptographyAlone(symbolBytes: shape.symbolBytes)
        return try Timing.medianSeconds(runs: runs) {
            try Timing.seconds { for _ in timed { try block(alone) } }
        }
    }
}
