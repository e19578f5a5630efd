import DiodeProtocol

/// The first byte chooses the decoder, the rest is what a signed block might hold.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start.pointee % 5 {
    case 0: live(input)
    case 1: slice(input)
    case 2: beat(input)
    case 3: sealed(input)
    default: packed(input)
    }
    return 0
}

/// A live content is refused, or encodes to the same bytes unless it holds items that are skipped (W-31).
private func live(_ input: [UInt8]) {
    var sequences: UInt64 = 0
    do throws(ContentError) {
        _ = try LiveContent(decoding: input.span.bytes, sequenceCount: 0)
    } catch .sequences(_, let items) {
        sequences = items
    } catch {
        return
    }
    guard let content = try? LiveContent(decoding: input.span.bytes, sequenceCount: sequences) else {
        preconditionFailure("W-30 is checked last")
    }
    var encoder = LiveContentEncoder()
    var skips = false
    content.forEachItem { item, _ in
        switch item {
        case .record(let record):
            encoder.append(
                topic: record.topic, flags: record.flags, version: record.version, time: record.time,
                properties: record.properties, payload: record.payload)
        case .shedRun(let run): encoder.append(run)
        case .checkpoint(let checkpoint): encoder.append(checkpoint)
        case .action(let action): encoder.append(action)
        case .unobserved(let unobserved): encoder.append(unobserved)
        case .brokerDrop(let drop): encoder.append(drop)
        case .skipped: skips = true
        }
    }
    guard !skips else { return }
    var encoded: [UInt8] = []
    encoder.finish(into: &encoded)
    precondition(encoded == input, "W-31")
}

private func slice(_ input: [UInt8]) {
    var hasher = SymbolHasher()
    guard let content = try? SliceContent(decoding: input.span.bytes, with: &hasher) else { return }
    var encoder = SliceEncoder()
    let skipped = content.forEachEntry { entry in
        encoder.append(
            entry.kind, topic: entry.record.topic, hash: entry.topicHash, stamp: entry.stamp, flags: entry.record.flags,
            version: entry.record.version, time: entry.record.time, properties: entry.record.properties,
            payload: entry.record.payload)
    }
    guard skipped == 0 else { return }
    var encoded: [UInt8] = []
    encoder.finish(content.heading, into: &encoded)
    precondition(encoded == input, "W-31")
}

/// Fields of a later release are not kept, so what is encoded is compared with itself.
private func beat(_ input: [UInt8]) {
    guard let beat = try? Beat(decoding: input.span.bytes) else { return }
    let encoded = beat.encode()
    precondition(encoded.count <= input.count, "W-31")
    precondition((try? Beat(decoding: encoded.span.bytes)) == beat, "W-34")
}

/// Nobody without the key seals anything that opens (W-27).
private func sealed(_ input: [UInt8]) {
    let sixteen = [UInt8](repeating: 5, count: 16)
    guard let salt = BlockSalt(stored: sixteen.span.bytes),
        let keys = SealKeys(stored: [UInt8](repeating: 7, count: 96).span.bytes)
    else { preconditionFailure("both have the length that they need") }
    let context = SealedContext(
        BlockID(
            channel: .live, epoch: Epoch(rawValue: 1), incarnation: Incarnation(rawValue: 1),
            block: BlockNumber(rawValue: 1)),
        flags: .sealed, part: 0, parts: 1, plainBytes: 40, first: SequenceNumber(rawValue: 1),
        last: SequenceNumber(rawValue: 1), salt: salt)
    var opener = BlockOpener(own: [keys])
    var packing = BlockPacking()
    var plain: [UInt8] = []
    let opened: Void? = try? packing.unpack(
        input.span.bytes, flags: .sealed, plainBytes: 40, context: context, opener: &opener, into: &plain)
    precondition(opened == nil, "W-27")
}

/// Compressed bytes yield exactly as many as the header says, here 1…16,384 by their first two bytes, or nothing (W-25).
private func packed(_ input: [UInt8]) {
    guard input.count > 2 else { return }
    let plainBytes = 1 + (Int(input[0]) << 8 | Int(input[1])) % 16_384
    var packing = BlockPacking()
    var plain: [UInt8] = []
    guard
        (try? packing.unpack(
            input.span.bytes.extracting(2..<input.count), flags: .compressed, plainBytes: plainBytes, into: &plain))
            != nil
    else { return }
    precondition(plain.count == plainBytes, "W-25")
}
