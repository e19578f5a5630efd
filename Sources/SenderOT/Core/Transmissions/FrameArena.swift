/// The frames of one transmission, side by side, in memory that is used again for the next.
///
/// ```text
/// │ frame 0 │ frame 1 │ … │ frame N−1 │      each `frameBytes` long, as segmentation offload wants them
/// ```
public struct FrameArena: ~Copyable {
    /// Grows to the largest transmission it has held and stays there.
    package var storage: [UInt8] = []
    /// The length of each frame.
    public private(set) var frameBytes = 0
    /// N.
    public private(set) var frameCount = 0
    /// How many of them carry source symbols; the others carry repair symbols and come after.
    public private(set) var sourceFrames = 0

    public init() {}

    /// Makes room; what the frames hold is undefined until they are written.
    mutating func prepare(frameBytes: Int, frameCount: Int, sourceFrames: Int) {
        self.frameBytes = frameBytes
        self.frameCount = frameCount
        self.sourceFrames = sourceFrames
        let needed = frameBytes * frameCount
        if storage.count < needed { storage = [UInt8](repeating: 0, count: needed) }
    }

    /// The frames in `range`, one after the other.
    @_lifetime(borrow self)
    public func frames(_ range: Range<Int>) -> RawSpan {
        precondition(range.upperBound <= frameCount, "the frames were written")
        return storage.span.bytes.extracting(range.lowerBound * frameBytes..<range.upperBound * frameBytes)
    }

    /// One frame.
    @_lifetime(borrow self)
    public func frame(_ index: Int) -> RawSpan { frames(index..<index + 1) }
}
