import Crypto
import DiodeProtocol
import TestKit
import Testing

@Suite("Transmission")
struct TransmissionTests {
    static let accepted = VectorFile.names(in: "frames", "accept-")

    @Test("W-07, W-11, W-15 every frame of a transmission leads to its root and signature", arguments: accepted)
    func reading(name: String) throws {
        let vector = try VectorFile.read(TransmissionVector.self, "frames", name)
        var hasher = SymbolHasher()
        var verifier = try Ed25519Verifier(try publicKey(vector.publicKey.bytes))
        for expected in vector.frames {
            let view = try FrameView(decoding: expected.frame.bytes.span.bytes)
            #expect(view.header == vector.made)
            #expect(view.symbolID.rawValue == expected.encodingSymbol)
            #expect(view.leafIndex == expected.leaf)
            #expect(view.headerBytes.copied == vector.header.bytes)
            #expect(view.signature.copied == vector.signature.bytes)
            #expect(view.path.copied == expected.path.flatMap(\.bytes))
            #expect(view.symbol.copied == expected.symbol.bytes)
            let leaf = hasher.leaf(view.header.binding, view.symbolID, view.symbol)
            #expect(leaf == digest(vector.leaves[expected.leaf]))
            let root = hasher.root(view.header.binding, from: leaf, index: view.leafIndex, path: view.path)
            #expect(root == digest(vector.root))
            let message = SignedMessage(headerBytes: view.headerBytes, root: root)
            #expect(message.bytes.copied == vector.signedMessage.bytes)
            let isValid = verifier.isValid(view.signature, for: message.bytes)
            #expect(isValid)
        }
    }

    @Test("W-11 every frame of a transmission is written byte for byte", arguments: accepted)
    func writing(name: String) throws {
        let vector = try VectorFile.read(TransmissionVector.self, "frames", name)
        var hasher = SymbolHasher()
        var tree = MerkleTree()
        var signer = try Ed25519Signer(seed: vector.seed.bytes.span.bytes)
        let header = vector.made
        #expect(FrameTests.encoded(header) == vector.header.bytes)
        #expect(LinkFingerprint(of: signer.publicKey) == header.link)
        let sourceLeaves = vector.sourceLeaves.map { digest($0) }
        let contentHash = hasher.contentHash(header.binding, sourceLeaves: sourceLeaves.span)
        #expect(contentHash == header.contentHash)
        for (index, leaf) in vector.leaves.enumerated() { tree.setLeaf(index, digest(leaf)) }
        let root = tree.build(header.binding, leafCount: header.symbolCount, with: &hasher)
        #expect(root == digest(vector.root))
        let message = SignedMessage(headerBytes: vector.header.bytes.span.bytes, root: root)
        let signature = try signer.sign(message.bytes)
        for expected in vector.frames {
            var frame = [UInt8](repeating: 0xAA, count: header.frameBytes)
            do {
                var span = frame.mutableSpan
                var bytes = span.mutableBytes
                header.encodeFrameStart(
                    symbol: header.symbol(ofLeaf: expected.leaf), signature: signature, into: &bytes)
                tree.storePath(ofLeaf: expected.leaf, into: &bytes, at: header.overheadBytes)
                bytes.store(expected.symbol.bytes.span.bytes, at: header.frameBytes - header.symbolBytes)
            }
            #expect(frame == expected.frame.bytes)
        }
    }

    @Test(
        "W-15 a frame that is changed, moved or signed by another does not verify",
        arguments: VectorFile.names(in: "frames", "W-15"))
    func forged(name: String) throws {
        let vector = try VectorFile.read(Refusal.self, "frames", name)
        #expect(vector.counter == "bad_signature")
        let key = try VectorFile.read(TransmissionVector.self, "frames", "accept-odd-tree").publicKey
        let isValid = try Self.verifies(vector.bytes.bytes, key.bytes)
        #expect(!isValid)
    }

    /// Whether a frame is authentic by itself, as a receiver finds out.
    private static func verifies(_ frame: [UInt8], _ key: [UInt8]) throws -> Bool {
        let view = try FrameView(decoding: frame.span.bytes)
        var hasher = SymbolHasher()
        var verifier = try Ed25519Verifier(try publicKey(key))
        let leaf = hasher.leaf(view.header.binding, view.symbolID, view.symbol)
        let root = hasher.root(view.header.binding, from: leaf, index: view.leafIndex, path: view.path)
        let message = SignedMessage(headerBytes: view.headerBytes, root: root)
        return verifier.isValid(view.signature, for: message.bytes)
    }

    @Test("W-15 no bit of a frame can be flipped unnoticed")
    func everyBit() throws {
        let vector = try VectorFile.read(TransmissionVector.self, "frames", "accept-one-symbol")
        var frame = vector.frames[1].frame.bytes
        #expect(try Self.verifies(frame, vector.publicKey.bytes))
        for bit in 0..<frame.count * 8 {
            frame[bit / 8] ^= 1 << UInt8(bit % 8)
            // The link is compared before (W-04); here its change breaks the signature like that of any other field.
            if FrameTests.refusal(frame) == nil {
                #expect(try !Self.verifies(frame, vector.publicKey.bytes), "bit \(bit)")
            }
            frame[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test("W-18 a symbol has one leaf in all transmissions of its block")
    func leavesOfRepetitions() throws {
        let first = try VectorFile.read(TransmissionVector.self, "frames", "accept-odd-tree")
        let fourth = try VectorFile.read(TransmissionVector.self, "frames", "accept-later-transmission")
        let wrapped = try VectorFile.read(TransmissionVector.self, "frames", "accept-wrapped")
        #expect(first.contentHash == fourth.contentHash && first.contentHash == wrapped.contentHash)
        #expect(first.root != fourth.root)
        #expect(Array(wrapped.leaves[2..<6]) == Array(first.leaves[0..<4]))
    }

    @Test("W-15 the leaf names channel, epoch, incarnation, block and ESI, in version 2 salt and ESI")
    func leafCoversTheBlock() {
        var hasher = SymbolHasher()
        let symbol: [UInt8] = [1, 2, 3]
        let id = FrameTests.header().id
        var others: [BlockID] = [id, id, id, id, id]
        others[1].channel = .beat
        others[2].epoch = Epoch(rawValue: 70)
        others[3].incarnation = Incarnation(rawValue: 80)
        others[4].block = BlockNumber(rawValue: 90)
        var leaves = Set(others.map { hasher.leaf(.identity($0), EncodingSymbolID(rawValue: 0), symbol.span.bytes) })
        leaves.insert(hasher.leaf(.identity(id), EncodingSymbolID(rawValue: 1), symbol.span.bytes))
        leaves.insert(hasher.leaf(.identity(id), EncodingSymbolID(rawValue: 0), Array(symbol.dropLast()).span.bytes))
        for (salt, esi) in [(1, 0), (2, 0), (1, 1)] as [(UInt64, UInt8)] {
            let salt = BlockSalt(Digest16(first: 0, second: salt))
            leaves.insert(hasher.leaf(.salt(salt), EncodingSymbolID(rawValue: esi), symbol.span.bytes))
        }
        #expect(leaves.count == 10)
    }

    @Test(
        "W-15 W-45 for every N the tree is the one of the definition, and each leaf's path leads to its root",
        arguments: [HashBinding.identity(FrameTests.header().id), .salt(BlockSalt(Digest16(first: 5, second: 6)))])
    func trees(binding: HashBinding) {
        var hasher = SymbolHasher()
        var tree = MerkleTree()
        let leaves = (0..<255).map { Digest16(first: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, second: UInt64($0)) }
        // Downwards and upwards: an arena that held a larger or a smaller tree before gives the same.
        for count in [255, 1, 254, 3] + Array(1...255) {
            for index in 0..<count { tree.setLeaf(index, leaves[index]) }
            let root = tree.build(binding, leafCount: count, with: &hasher)
            let height = TransmissionHeader.pathLength(symbolCount: count)
            #expect(root == Self.definition(binding, leaves[..<count], height: height, &hasher))
            for index in 0..<count {
                var path = [UInt8](repeating: 0, count: height * 16)
                do {
                    var span = path.mutableSpan
                    var bytes = span.mutableBytes
                    tree.storePath(ofLeaf: index, into: &bytes, at: 0)
                }
                #expect(hasher.root(binding, from: leaves[index], index: index, path: path.span.bytes) == root)
            }
        }
    }

    /// The node at `height` over some leaves: both halves, or 16 zero bytes where there is no right one.
    private static func definition(
        _ binding: HashBinding, _ leaves: ArraySlice<Digest16>, height: Int, _ hasher: inout SymbolHasher
    ) -> Digest16 {
        guard let first = leaves.first else { return .zero }
        if height == 0 { return first }
        let half = 1 << (height - 1)
        let left = definition(binding, leaves.prefix(half), height: height - 1, &hasher)
        let right = definition(binding, leaves.dropFirst(half), height: height - 1, &hasher)
        return hasher.node(binding, left: left, right: right)
    }

    @Test("The path's length is the logarithm of N, rounded up")
    func pathLengths() {
        for count in 1...255 {
            let length = TransmissionHeader.pathLength(symbolCount: count)
            #expect(1 << length >= count && (length == 0 || 1 << (length - 1) < count))
        }
    }

    @Test("W-16 what is signed names every byte of the header and of the root")
    func signedMessage() {
        let root = Digest16(first: 5, second: 6)
        for salt in [nil, BlockSalt(Digest16(first: 7, second: 8))] {
            let header = FrameTests.encoded(FrameTests.header { $0.salt = salt })
            let message = SignedMessage(headerBytes: header.span.bytes, root: root)
            #expect(message.bytes.copied == [2] + header + root.bytes)
        }
    }
}
