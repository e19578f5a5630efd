/// The coefficients that restore lost source symbols from any K received encoding symbols, in closed form.
///
/// With F = the received repair symbols and L = the lost source symbols (as many), the code is a generalised
/// Reed–Solomon code whose codeword at point x is a polynomial of degree < K times a fixed factor of that point.
/// Interpolating it from the K received points r gives for a lost point l:
///
/// ```text
///                    1        weight(r)                        Π (x − m) over m in L, m ≠ x
/// coefficient = ─────────── × ─────────         weight(x) = ────────────────────────────────
///                  l − r      weight(l)                        Π (x − p) over p in F, p ≠ x
/// ```
///
/// All other factors cancel. That is the inverse of the lost × repair part of the generator (the closed-form inverse of
/// a Cauchy matrix), multiplied out: O((K + lost) × lost) steps where a matrix inversion takes O(K³).
struct RestorationMatrix: ~Copyable {
    /// Row i restores `lost[i]`; column j is for `received[j]`.
    private(set) var coefficients = CoefficientMatrix()
    /// Logarithms of the weights of the columns.
    private var columnWeights: [Int] = []

    /// - Parameters:
    ///   - lost: ESIs of the source symbols to restore.
    ///   - repair: ESIs of the repair symbols that are in, as many as are lost.
    ///   - received: all K ESIs that are in, those of `repair` among them.
    mutating func fill(lost: [UInt8], repair: [UInt8], received: [UInt8]) {
        precondition(lost.count == repair.count, "each lost source symbol needs one repair symbol")
        coefficients.grow(toRows: lost.count)
        columnWeights.removeAll(keepingCapacity: true)
        for point in received {
            columnWeights.append(Self.logarithmOfWeight(at: point, lost: lost, repair: repair))
        }
        let (exp, log) = (GaloisField.exp, GaloisField.log)
        for (row, point) in lost.enumerated() {
            let inverseWeight = 255 - Self.logarithmOfWeight(at: point, lost: lost, repair: repair)
            for column in received.indices {
                let inverseDistance = 255 - Int(log[Int(point ^ received[column])])
                coefficients[row, column] = exp[columnWeights[column] + inverseWeight + inverseDistance]
            }
        }
    }

    /// 0…254. The factor x − x of a point among `lost` or `repair` drops out, as it should, because `log[0]` is 0.
    private static func logarithmOfWeight(at point: UInt8, lost: [UInt8], repair: [UInt8]) -> Int {
        let log = GaloisField.log
        var sum = 0
        for (lost, repair) in zip(lost, repair) {
            sum += Int(log[Int(point ^ lost)]) - Int(log[Int(point ^ repair)])
        }
        let remainder = sum % 255
        return remainder < 0 ? remainder + 255 : remainder
    }
}
