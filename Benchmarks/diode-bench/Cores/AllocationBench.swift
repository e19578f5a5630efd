import CAllocations
import DiodeProtocol
import FEC
import SenderOT

/// Heap allocations of sender and receiver once they are warm.
///
/// What libcrypto takes for one signature or verification (there is one for each block) is shown beside them, counted in
/// the same way.
func benchAllocations() throws -> [BenchRow] {
    let geometry = BlockGeometry(
        framing: EthernetFraming(mtuBytes: 1_500), repair: RepairRatio(share: 0.2, minimum: 4),
        maximumSourceSymbols: 100)
    let tape = try FrameTape(.bulk, geometry, blocks: 64)
    let alone = try CryptographyAlone(symbolBytes: 64)
    try alone.send(symbols: 1)
    try alone.receive(symbols: 1)
    let signing = try allocations { try alone.send(symbols: 1) }
    let verifying = try allocations { try alone.receive(symbols: 1) }
    return try sending(geometry, signing) + receiving(tape, verifying)
}

private func sending(_ geometry: BlockGeometry, _ signing: Double) throws -> [BenchRow] {
    var sender = try SendingSide(geometry)
    for _ in 0..<64 { try sender.encode(sender.nextBlock(of: .bulk)) }
    var closing = 0.0
    var encoding = 0.0
    var records = 0.0
    for _ in 0..<64 {
        var block: ClosedBlock?
        closing += allocations { block = sender.nextBlock(of: .bulk) }
        guard let block else { continue }
        records += Double(block.lastSequence.rawValue - block.firstSequence.rawValue) + 1
        encoding += try allocations { try sender.encode(block) }
    }
    return [
        BenchRow("send: records to a closed block", closing / 64, "allocations/block"),
        BenchRow("send: the same", closing / records, "allocations/record"),
        BenchRow("send: a closed block to frames", encoding / 64, "allocations/block", peer: ("libcrypto", signing)),
        BenchRow("send: the same", (encoding / 64 - signing) / Double(sender.arena.frameCount), "allocations/frame"),
    ]
}

private func receiving(_ tape: FrameTape, _ verifying: Double) throws -> [BenchRow] {
    var receiver = try ReceivingSide(tape)
    let half = tape.blocks.count / 2
    for block in tape.blocks[..<half] { _ = receiver.receive(block, arriving: Array(0..<block.shape.symbolCount)) }
    var all = 0.0
    var between = 0.0
    var frames = 0.0
    for block in tape.blocks[half...] {
        let last = block.shape.sourceSymbols - 1
        all += allocations { receiver.receive(block, frame: 0) }
        // The first frame brings the signature, the last one completes the block: those between are the many.
        between += allocations { for index in 1..<last { receiver.receive(block, frame: index) } }
        frames += Double(last - 1)
        all += allocations { _ = receiver.receive(block, arriving: Array(last..<block.shape.symbolCount)) }
    }
    let blocks = Double(tape.blocks.count - half)
    return [
        BenchRow("receive: frames that neither begin nor complete a block", between / frames, "allocations/frame"),
        BenchRow(
            "receive: all of a block", (all + between) / blocks, "allocations/block", peer: ("libcrypto", verifying)),
    ]
}

/// What this thread allocates during a call.
private func allocations(_ body: () throws -> Void) rethrows -> Double {
    let before = callocations_of_this_thread()
    try body()
    return Double(callocations_of_this_thread() - before)
}
