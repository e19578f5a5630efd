import CISAL

/// Intel's library at work on one block: the yardstick of FECBench.
///
/// The memory has fixed addresses, because ISA-L takes arrays of pointers.
final class ISALBlock {
    private typealias Bytes = UnsafeMutablePointer<UInt8>

    private let shape: BlockShape
    private let received: [Int]
    private let lost: [Int]
    /// K + M rows of K coefficients: the identity, then Cauchy rows.
    private var matrix: [UInt8]
    private var repairTables: [UInt8]
    /// Source and repair symbols, and the block that decoding puts together.
    private let symbols: Bytes
    private let block: Bytes
    private var symbolPointers: [Bytes?]
    private var blockPointers: [Bytes?]

    init(_ shape: BlockShape, source: [UInt8]) {
        self.shape = shape
        (received, lost) = (shape.received, shape.lost)
        let (columns, count) = (shape.sourceSymbols, shape.sourceSymbols + shape.repairSymbols)
        let symbols = Bytes.allocate(capacity: count * shape.symbolBytes)
        let block = Bytes.allocate(capacity: shape.sourceBytes)
        symbols.initialize(repeating: 0, count: count * shape.symbolBytes)
        block.initialize(repeating: 0, count: shape.sourceBytes)
        for (index, byte) in source.enumerated() { symbols[index] = byte }
        (self.symbols, self.block) = (symbols, block)
        symbolPointers = (0..<count).map { symbols + $0 * shape.symbolBytes }
        blockPointers = (0..<columns).map { block + $0 * shape.symbolBytes }
        matrix = [UInt8](repeating: 0, count: count * columns)
        gf_gen_cauchy1_matrix(&matrix, Int32(count), Int32(columns))
        repairTables = [UInt8](repeating: 0, count: 32 * columns * shape.repairSymbols)
        var repairRows = Array(matrix[(columns * columns)...])
        ec_init_tables(Int32(columns), Int32(shape.repairSymbols), &repairRows, &repairTables)
    }

    deinit {
        symbols.deallocate()
        block.deallocate()
    }

    var repair: [UInt8] {
        Array(UnsafeBufferPointer(start: symbols + shape.sourceBytes, count: shape.repairSymbols * shape.symbolBytes))
    }
    var restored: [UInt8] { Array(UnsafeBufferPointer(start: block, count: shape.sourceBytes)) }

    func encode() {
        var repairPointers = Array(symbolPointers[shape.sourceSymbols...])
        ec_encode_data(
            Int32(shape.symbolBytes), Int32(shape.sourceSymbols), Int32(shape.repairSymbols), &repairTables,
            &symbolPointers, &repairPointers)
        cisal_clear_upper_halves()
    }

    /// As ISA-L's own examples decode: the rows of what arrived are inverted, those of what is lost are used.
    func decode() {
        let columns = shape.sourceSymbols
        var rows = received.flatMap { matrix[$0 * columns..<($0 + 1) * columns] }
        var inverse = [UInt8](repeating: 0, count: columns * columns)
        gf_invert_matrix(&rows, &inverse, Int32(columns))
        var lostRows = lost.flatMap { inverse[$0 * columns..<($0 + 1) * columns] }
        var tables = [UInt8](repeating: 0, count: 32 * columns * lost.count)
        ec_init_tables(Int32(columns), Int32(lost.count), &lostRows, &tables)
        var inputs = received.map { symbolPointers[$0] }
        var outputs = lost.map { blockPointers[$0] }
        ec_encode_data(Int32(shape.symbolBytes), Int32(columns), Int32(lost.count), &tables, &inputs, &outputs)
        cisal_clear_upper_halves()
        for esi in received where esi < columns {
            (block + esi * shape.symbolBytes).update(from: symbols + esi * shape.symbolBytes, count: shape.symbolBytes)
        }
    }
}
