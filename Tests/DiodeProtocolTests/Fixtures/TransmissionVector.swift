import Crypto
import DiodeProtocol
import Testing

/// All values between a block and its frames.
struct TransmissionVector: Decodable {
    struct Frame: Decodable {
        let leaf: Int
        let encodingSymbol: UInt8
        let path: [Hex]
        let symbol: Hex
        let frame: Hex
    }

    let seed, publicKey, link, contentHash, header, root, signedMessage, signature: Hex
    /// Absent in version 1.
    let salt: Hex?
    let channel, flags, firstEncodingSymbol: UInt8
    let epoch, incarnation, block, firstSequence, lastSequence: Decimal64
    let transmission: UInt16
    let sourceSymbols, encodingSymbols, symbolBytes, part, parts, packedBytes, plainBytes: Int
    let sourceLeaves, leaves: [Hex]
    let frames: [Frame]

    var made: TransmissionHeader {
        TransmissionHeader(
            link: LinkFingerprint(digest(link)),
            id: BlockID(
                channel: Channel(rawValue: channel) ?? .live, epoch: Epoch(rawValue: epoch.value),
                incarnation: Incarnation(rawValue: incarnation.value), block: BlockNumber(rawValue: block.value)),
            flags: TransmissionHeader.Flags(rawValue: flags), transmission: TransmissionNumber(rawValue: transmission),
            sourceSymbols: sourceSymbols, symbolBytes: symbolBytes,
            firstSymbol: EncodingSymbolID(rawValue: firstEncodingSymbol), symbolCount: encodingSymbols, partIndex: part,
            partCount: parts, packedBytes: packedBytes, plainBytes: plainBytes,
            firstSequence: SequenceNumber(rawValue: firstSequence.value),
            lastSequence: SequenceNumber(rawValue: lastSequence.value), contentHash: digest(contentHash),
            salt: salt.map { BlockSalt(digest($0)) })
    }
}

func digest(_ hex: Hex) -> Digest16 { Digest16(loading: hex.bytes.span.bytes) }

func publicKey(_ bytes: [UInt8]) throws -> Ed25519PublicKey {
    let key = Ed25519PublicKey(bytes.span.bytes)
    return try #require(key)
}

extension RawSpan {
    var copied: [UInt8] { withUnsafeBytes { Array($0) } }
}
