/// The bounds that the code itself sets; every precondition of this room refers to them.
public enum CodeLimits {
    /// Encoding symbols of one block, source and repair together: ESI 0…254.
    public static let symbols = 255
    /// The longest symbol: T is a 16-bit number on the wire.
    public static let symbolBytes = 65_535
}
