import Crypto
import DatagramListening
import Datagrams
import DiodeProtocol
import FEC
import Synchronization
import TestKit
import Testing
import Threading

@testable import SenderOT
@testable import SenderOTCore
@testable import SenderOTEmission
import Time

/// The far end of a link: a real UDP socket, whose frames are verified and decoded as a receiver does.
final class FrameSink: Sendable {
    /// One frame that arrived and whose signature holds.
    struct Arrival: Sendable {
        var at: MonotonicInstant
        var bytes: Int
        var header: TransmissionHeader
        var symbol: Int
    }

    struct State: Sendable {
        var arrivals: [Arrival] = []
        /// Frames that no key of ours signed, or that are no frames.
        var refused = 0
        var stream = ReadStream()
        var beats: [Beat] = []
        var slices: [ReadSlice] = []
        /// Parts of the slice under way.
        var parts: [ClosedBlock] = []
        /// Live blocks that were restored but whose predecessor has not been.
        var waiting: [UInt64: ClosedBlock] = [:]
        var failures: [String] = []
    }

    let port: UInt16
    private let state = Lock(State())
    private let stopping = Atomic<Bool>(false)
    private let thread = Lock<WorkerThread?>(nil)

    init(trusting key: Ed25519PublicKey) throws {
        port = freePort()
        let address = try SocketAddress(host: "127.0.0.1", port: port, passive: true)
        let listener = try DatagramListener(on: address)
        let loop = SinkLoop(listener: listener, verifier: try Ed25519Verifier(key))
        let started = try WorkerThread(name: "sink", owning: loop) { [self] loop in
            var loop = loop
            while !stopping.load(ordering: .acquiring) { loop.receive(into: state) }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
    }

    /// Expects the blocks of a new epoch from the first on.
    func beginAgain() {
        state.withLock { state in
            state.stream = ReadStream()
            state.waiting = [:]
        }
    }

    var snapshot: State { state.withLock { $0 } }
    var path: LinkPath {
        get throws { LinkPath(to: try SocketAddress(host: "127.0.0.1", port: port)) }
    }
}

private struct SinkLoop: ~Copyable {
    private var listener: DatagramListener
    private var verifier: Ed25519Verifier
    private var hasher = SymbolHasher()
    private let batch = DatagramBatch()
    private var roots: [TransmissionHeader: Digest16] = [:]
    private var collected: [BlockID: [Int: [UInt8]]] = [:]

    init(listener: consuming DatagramListener, verifier: consuming Ed25519Verifier) {
        self.listener = listener
        self.verifier = verifier
    }

    mutating func receive(into state: borrowing Lock<FrameSink.State>) {
        guard let count = try? listener.receive(into: batch, timeout: .milliseconds(20)), count > 0 else { return }
        let now = MonotonicClock.now()
        var datagrams: [[UInt8]] = []
        batch.forEachDatagram { datagrams.append($0.withUnsafeBytes { Array($0) }) }
        for datagram in datagrams { take(datagram, now, state) }
    }

    private mutating func take(_ datagram: [UInt8], _ now: MonotonicInstant, _ state: borrowing Lock<FrameSink.State>) {
        guard let frame = try? FrameView(decoding: datagram.span.bytes) else {
            return state.withLock { $0.refused += 1 }
        }
        let header = frame.header
        let leaf = hasher.leaf(header.binding, frame.symbolID, frame.symbol)
        let root = hasher.root(header.binding, from: leaf, index: frame.leafIndex, path: frame.path)
        if roots[header] == nil {
            let message = SignedMessage(headerBytes: frame.headerBytes, root: root)
            if verifier.isValid(frame.signature, for: message.bytes) { roots[header] = root }
        }
        guard roots[header] == root else { return state.withLock { $0.refused += 1 } }
        let symbol = Int(frame.symbolID.rawValue)
        state.withLock {
            $0.arrivals.append(.init(at: now, bytes: datagram.count, header: header, symbol: symbol))
        }
        var symbols = collected[header.id] ?? [:]
        let wasThere = symbols.count >= header.sourceSymbols
        symbols[symbol] = frame.symbol.withUnsafeBytes { Array($0) }
        collected[header.id] = symbols
        guard !wasThere, symbols.count == header.sourceSymbols else { return }
        restore(header, symbols, state)
    }

    private func restore(
        _ header: TransmissionHeader, _ symbols: [Int: [UInt8]], _ state: borrowing Lock<FrameSink.State>
    ) {
        var decoder = BlockDecoder(sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes)
        for (esi, symbol) in symbols { _ = decoder.insert(esi: esi, symbol: symbol.span.bytes) }
        decoder.decode()
        let source = decoder.source.withUnsafeBytes { Array($0) }
        let block = ClosedBlock(
            id: header.id, flags: header.flags, partIndex: header.partIndex, partCount: header.partCount,
            firstSequence: header.firstSequence, lastSequence: header.lastSequence, packedBytes: header.packedBytes,
            plainBytes: header.plainBytes,
            shape: .init(
                sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes, symbolCount: header.symbolCount),
            symbols: source, salt: header.salt, lastDelivery: nil)
        state.withLock { state in
            do {
                if header.id.channel == .beat {
                    state.beats.append(try Beat(decoding: source.span.bytes.extracting(0..<header.packedBytes)))
                } else if header.id.channel == .snapshot {
                    state.parts.append(block)
                    guard block.partIndex == block.partCount - 1 else { return }
                    state.slices.append(try ReadSlice(state.parts))
                    state.parts = []
                } else {
                    state.waiting[header.id.block.rawValue] = block
                    while let next = state.waiting.removeValue(forKey: state.stream.lastBlock + 1) {
                        try state.stream.read(next)
                    }
                }
            } catch { state.failures.append("\(error)") }
        }
    }
}
