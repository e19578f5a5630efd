/// The portable kernel: dot products over GF(2⁸) by Horner's scheme on the bits of the coefficients.
///
/// A coefficient c is Σ bᵢ·xⁱ with bits bᵢ, so an output is
///
/// ```text
/// Σ cⱼ·inputⱼ = Σ xⁱ · S(i)      S(i) = XOR of the inputs whose coefficient has bit i
///  j            i=0…7
/// ```
///
/// which takes seven multiplications by x for an output, not for each coefficient. S(i) is looked up four inputs at a
/// time: the 16 possible sums of four inputs are computed once and serve all rows and bits ("four Russians"). The work
/// goes in strips of 64 bytes across all symbols, so that the sums stay in the first-level cache.
struct BitHornerKernel: ~Copyable {
    private typealias Strip = SIMD8<UInt64>
    private static let stripBytes = 64
    /// Sums of four strips.
    private static let tableBytes = 16 * stripBytes
    /// Columns whose coefficients' bits make one byte of `selections`.
    private static let groupColumns = 8

    /// Two tables for each group of eight columns: the 16 sums of its first four strips, then of its last four. The
    /// sum at index n is over the inputs whose bit is set in n; index 0 is never written and stays zero. The tables
    /// begin at the first whole cache line, which makes a third of the speed.
    private var sums: [Strip] = []
    /// For each row, each bit from 7 down to 0 and each group: which of the eight coefficients have that bit.
    private var selections: [UInt8] = []

    mutating func compute(_ products: DotProducts) {
        let groups = (products.inputSlots.count + Self.groupColumns - 1) / Self.groupColumns
        select(products, groups: groups)
        let strips = groups * 32 + 1
        if sums.count < strips { sums = [Strip](repeating: Strip(), count: strips) }
        guard let inputs = products.inputs.baseAddress, let outputs = products.outputs.baseAddress else { return }
        // Safe: `sums` has one strip more than the tables take, so that they may begin up to 63 bytes in; `selections`
        // has the size that `evaluate` reads; every slot lies in its buffer by contract.
        sums.withUnsafeMutableBytes { sums in
            selections.withUnsafeBufferPointer { selections in
                guard let start = sums.baseAddress, let selections = selections.baseAddress else { return }
                let tables = start.alignedUp(toMultipleOf: Self.stripBytes)
                for offset in stride(from: 0, to: products.symbolBytes, by: Self.stripBytes) {
                    let count = min(Self.stripBytes, products.symbolBytes - offset)
                    Self.addUp(products, from: inputs + offset, count: count, into: tables)
                    Self.evaluate(
                        products, tables: tables, selections: selections, groups: groups,
                        into: outputs + offset, count: count)
                }
            }
        }
    }

    /// Transposes the coefficients: from a byte for each column to a byte for each bit of a group.
    private mutating func select(_ products: DotProducts, groups: Int) {
        let bytes = products.rows.count * 8 * groups
        if selections.count < bytes { selections.append(contentsOf: repeatElement(0, count: bytes - selections.count)) }
        let coefficients = products.coefficients.elements.span.bytes
        // In the last group, columns that are not in use have undefined coefficients: their bits must be zero.
        let unused = UInt64(groups * Self.groupColumns - products.inputSlots.count)
        for (row, matrixRow) in products.rows.enumerated() {
            for group in 0..<groups {
                let offset = matrixRow * CoefficientMatrix.rowStride + group * Self.groupColumns
                var bits = UInt64(
                    littleEndian: coefficients.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
                if group == groups - 1 { bits &= ~0 >> (8 * unused) }
                bits = Self.transposed(bits)
                for bit in 0..<8 {
                    selections[(row * 8 + 7 - bit) * groups + group] = UInt8(
                        truncatingIfNeeded: bits &>> UInt64(8 * bit))
                }
            }
        }
    }

    /// Bit j of byte i becomes bit i of byte j, by swapping ever larger squares across the diagonal.
    private static func transposed(_ bits: UInt64) -> UInt64 {
        func swapped(_ bits: UInt64, _ mask: UInt64, _ shift: UInt64) -> UInt64 {
            let difference = (bits ^ (bits &>> shift)) & mask
            return bits ^ difference ^ (difference &<< shift)
        }
        let pairs = swapped(bits, 0x00aa_00aa_00aa_00aa, 7)
        let fours = swapped(pairs, 0x0000_cccc_0000_cccc, 14)
        return swapped(fours, 0x0000_0000_f0f0_f0f0, 28)
    }

    /// Fills the tables of sums with one strip of every input.
    @inline(__always)
    private static func addUp(
        _ products: DotProducts, from inputs: UnsafeRawPointer, count: Int, into tables: UnsafeMutableRawPointer
    ) {
        let slots = products.inputSlots
        var table = tables
        for first in stride(from: 0, to: slots.count, by: 4) {
            // Loops of fixed length, one for each of the four: the number of sums doubles.
            for column in 0..<4 {
                let strip =
                    first + column < slots.count
                    ? load(inputs + slots[first + column] &* products.symbolBytes, count: count) : Strip()
                let half = table + stripBytes &<< column
                for offset in stride(from: 0, to: stripBytes &<< column, by: stripBytes) {
                    let sum = table.load(fromByteOffset: offset, as: Strip.self) ^ strip
                    half.storeBytes(of: sum, toByteOffset: offset, as: Strip.self)
                }
            }
            table += tableBytes
        }
    }

    /// Writes one strip of every output.
    @inline(__always)
    private static func evaluate(
        _ products: DotProducts, tables: UnsafeMutableRawPointer, selections: UnsafePointer<UInt8>, groups: Int,
        into outputs: UnsafeMutableRawPointer, count: Int
    ) {
        var selection = selections
        for slot in products.outputSlots {
            var output = Strip()
            for _ in 0..<8 {
                output = timesX(output)
                var table = tables
                let end = selection + groups
                while selection < end {
                    let columns = Int(selection.pointee)
                    output ^= table.load(fromByteOffset: (columns & 15) &* stripBytes, as: Strip.self)
                    table += tableBytes
                    output ^= table.load(fromByteOffset: (columns &>> 4) &* stripBytes, as: Strip.self)
                    table += tableBytes
                    selection += 1
                }
            }
            store(output, to: outputs + slot &* products.symbolBytes, count: count)
        }
    }

    /// All 64 bytes times x: shifted left, and where a bit fell out, reduced by the polynomial.
    @inline(__always)
    private static func timesX(_ bytes: Strip) -> Strip {
        let top = bytes & Strip(repeating: 0x8080_8080_8080_8080)
        let reduction = ((top &<< 1) &- (top &>> 7)) & Strip(repeating: 0x1d1d_1d1d_1d1d_1d1d)
        return ((bytes ^ top) &<< 1) ^ reduction
    }

    /// The last strip of a symbol may be short: its missing bytes read as zero and are not written.
    @inline(__always)
    private static func load(_ bytes: UnsafeRawPointer, count: Int) -> Strip {
        if count == stripBytes { return bytes.loadUnaligned(as: Strip.self) }
        var strip = Strip()
        withUnsafeMutableBytes(of: &strip) { strip in
            strip.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count))
        }
        return strip
    }

    @inline(__always)
    private static func store(_ strip: Strip, to bytes: UnsafeMutableRawPointer, count: Int) {
        if count == stripBytes {
            bytes.storeBytes(of: strip, as: Strip.self)
        } else {
            withUnsafeBytes(of: strip) { strip in
                UnsafeMutableRawBufferPointer(start: bytes, count: count).copyMemory(
                    from: .init(rebasing: strip[..<count]))
            }
        }
    }
}
