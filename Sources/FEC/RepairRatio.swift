/// How many repair symbols a transmission adds to K source symbols.
public struct RepairRatio: Equatable, Sendable {
    /// Repair symbols per source symbol: 0.2 is 20 %. At least 0.
    public let share: Double
    /// Fewest repair symbols of a block with two or more source symbols.
    public let minimum: Int

    /// - Parameters:
    ///   - share: repair symbols per source symbol, at least 0 and finite.
    ///   - minimum: fewest repair symbols from K = 2 on, 0…254.
    public init(share: Double, minimum: Int) {
        precondition(share >= 0 && share.isFinite, "a share is a finite number, at least 0")
        precondition((0..<CodeLimits.symbols).contains(minimum), "a block has 0…254 repair symbols")
        self.share = share
        self.minimum = minimum
    }

    /// K = 1 always gets two repair symbols: a lone small message then survives the loss of any two of its three
    /// frames, and costs two more. Else `max(minimum, ceil(share * K))`, at most 255 − K.
    ///
    /// - Parameter sourceSymbols: K, 1…255.
    public func repairSymbols(sourceSymbols: Int) -> Int {
        precondition((1...CodeLimits.symbols).contains(sourceSymbols), "a block has 1…255 source symbols")
        if sourceSymbols == 1 { return 2 }
        let room = CodeLimits.symbols - sourceSymbols
        // Before rounding up, take back what binary fractions add: 0.07 * 100 is a little more than 7.
        let proportional = share * Double(sourceSymbols) - 1e-9
        if proportional >= Double(room) { return room }
        let whole = Int(max(0, proportional))
        return min(room, max(minimum, Double(whole) < proportional ? whole + 1 : whole))
    }
}
