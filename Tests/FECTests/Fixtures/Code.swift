import FEC
import Foundation

/// The room under test in the form that tests like: arrays in, arrays out.
enum Code {
    static func encode(_ source: [UInt8], sourceSymbols: Int, symbolBytes: Int, esis: Range<Int>) -> [[UInt8]] {
        var encoder = SymbolEncoder()
        return encode(source, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis, with: &encoder)
    }

    static func encode(
        _ source: [UInt8], sourceSymbols: Int, symbolBytes: Int, esis: Range<Int>, with encoder: inout SymbolEncoder
    ) -> [[UInt8]] {
        // Bytes that a wrong implementation could leave behind.
        var output = [UInt8](repeating: 0xa5, count: esis.count * symbolBytes)
        do {
            var span = output.mutableSpan
            var bytes = span.mutableBytes
            encoder.encode(
                source: source.span.bytes, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, esis: esis,
                into: &bytes)
        }
        return symbols(of: output, symbolBytes: symbolBytes)
    }

    /// All symbols that the decoder takes must be `stored`, and the last one `complete`.
    static func decode(
        _ received: [(esi: Int, symbol: [UInt8])], sourceSymbols: Int, symbolBytes: Int,
        with decoder: inout BlockDecoder
    ) -> [UInt8]? {
        decoder.reset(sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
        for (count, (esi, symbol)) in received.enumerated() {
            let insertion = decoder.insert(esi: esi, symbol: symbol.span.bytes)
            guard insertion == (count + 1 == sourceSymbols ? .complete : .stored) else { return nil }
        }
        guard decoder.isComplete else { return nil }
        decoder.decode()
        return bytes(of: decoder)
    }

    static func decode(
        _ received: [(esi: Int, symbol: [UInt8])], sourceSymbols: Int, symbolBytes: Int
    ) -> [UInt8]? {
        var decoder = BlockDecoder(sourceSymbols: sourceSymbols, symbolBytes: symbolBytes)
        return decode(received, sourceSymbols: sourceSymbols, symbolBytes: symbolBytes, with: &decoder)
    }

    /// The source of a decoded block.
    static func bytes(of decoder: borrowing BlockDecoder) -> [UInt8] {
        decoder.source.withUnsafeBytes { Array($0) }
    }

    static func symbols(of bytes: [UInt8], symbolBytes: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: symbolBytes).map { Array(bytes[$0..<$0 + symbolBytes]) }
    }

    static func randomBytes(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// A fresh seed for each run. A failure prints it; `SEED=… make test FILTER=FECTests` replays it.
    static let seed =
        ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
}
