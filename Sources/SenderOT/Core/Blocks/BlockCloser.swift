internal import Collections
internal import Crypto
internal import DiodeProtocol
internal import FEC
internal import Time

/// Makes a closed block of a content: compressed where that helps, sealed where the link is, padded to whole symbols, salted.
///
/// ```text
/// content ─▶ BlockPacking ─▶ BlockSealer ─▶ K · T bytes, salt ─▶ ClosedBlock
/// ```
/// From here on its bytes are the same in the journal and in each transmission. The core's one thread owns it; it is an object because live blocks,
/// slices and beats share it.
final class BlockCloser {
    /// What a block holds beside its content.
    struct About {
        var part = 0
        var parts = 1
        var first = SequenceNumber(rawValue: 0)
        var last = SequenceNumber(rawValue: 0)
        /// A beat is short, and whoever captures the link can read one that is not sealed.
        var compresses = true
        var lastDelivery: DeliveryTicket?
        var packets = PacketList()
        var closedAt = UnixMilliseconds(rawValue: 0)
    }

    private let geometry: BlockGeometry
    /// The most bytes that the content of one block has.
    let capacityBytes: Int
    private var packing: BlockPacking
    private var sealer: BlockSealer?
    private let keys: SealKeys?
    private var packed: [UInt8] = []

    /// - Parameter sealer: nil where blocks go as they are.
    init(_ geometry: BlockGeometry, compressionLevel: Int, sealer: consuming BlockSealer?) {
        self.geometry = geometry
        keys = sealer?.keys
        capacityBytes = geometry.capacityBytes - (keys == nil ? 0 : BlockSealer.overheadBytes)
        packing = BlockPacking(level: compressionLevel)
        self.sealer = sealer
    }

    /// - Parameter plain: 1…`capacityBytes`.
    func close(_ plain: RawSpan, as id: BlockID, _ about: About) -> ClosedBlock {
        let salt = BlockSalt.random()
        var flags: TransmissionHeader.Flags = []
        if about.compresses {
            flags = packing.pack(plain, into: &packed)
        } else {
            packed = [UInt8](copying: plain)
        }
        if keys != nil { seal(id, &flags, about, salt, plainBytes: plain.byteCount) }
        guard let shape = geometry.shape(packedBytes: packed.count) else {
            preconditionFailure("packing never makes a block longer, and there is room for the seal")
        }
        var symbols: [UInt8] = []
        let bytes = shape.sourceSymbols * shape.symbolBytes
        symbols.reserveCapacity(bytes)
        symbols.append(contentsOf: packed)
        symbols.append(contentsOf: repeatElement(0, count: bytes - packed.count))
        return ClosedBlock(
            id: id, flags: flags, partIndex: about.part, partCount: about.parts, firstSequence: about.first,
            lastSequence: about.last, packedBytes: packed.count, plainBytes: plain.byteCount, shape: shape,
            symbols: symbols, salt: salt, lastDelivery: about.lastDelivery, packets: about.packets,
            closedAt: about.closedAt, keys: keys)
    }

    private func seal(
        _ id: BlockID, _ flags: inout TransmissionHeader.Flags, _ about: About, _ salt: BlockSalt, plainBytes: Int
    ) {
        flags.insert(.sealed)
        let context = SealedContext(
            id, flags: flags, part: about.part, parts: about.parts, plainBytes: plainBytes, first: about.first,
            last: about.last, salt: salt)
        do throws(CryptoError) { try sealer?.seal(&packed, in: context) } catch {
            // It sealed before, at the start, with the same contexts: what is left is memory that there is not.
            preconditionFailure("libcrypto seals what it has sealed before: \(error)")
        }
    }
}
