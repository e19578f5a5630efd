internal import Crypto
internal import DiodeProtocol
internal import Time

/// Which key speaks for a link, and the statements by which it changes (ADR 0031).
///
/// ```text
///  datagram of channel 3 ─▶ read ─▶ known? ─▶ budget ─▶ KeyChain.follow ─▶ another key is in use
/// ```
///
/// Whoever invents statements costs a verification each, at most `perSecond` of them a second.
struct KeyIntake: Sendable {
    /// What came of a statement.
    enum Outcome {
        case followed(Rotation)
        /// It is part of the chain: the sender repeats it.
        case repeated
        case malformed, version, overBudget
        /// It names a key that is none of this link.
        case unknown
        /// Nobody who has a key of this link has signed it.
        case forged
        /// Somebody who has one did, and it leads nowhere.
        case refused(RotationError)
    }

    /// Some three hundredths of a core, so that a flood does not keep the genuine one away for long.
    private static let perSecond = 500
    /// Of these, statements that name a key of before: whoever has one may say what he likes.
    private static let formerPerSecond = 10

    private(set) var chain: KeyChain
    private var left = (inUse: perSecond, former: formerPerSecond)
    private var refillAt = MonotonicInstant.distantPast

    init(_ chain: KeyChain) { self.chain = chain }

    mutating func receive(_ bytes: RawSpan, now: MonotonicInstant) -> Outcome {
        let rotation: Rotation
        do throws(FrameError) { rotation = try Rotation(decoding: bytes) } catch {
            return error.counter == .version ? .version : .malformed
        }
        guard let place = chain.place(of: rotation.former) else { return .unknown }
        if chain.rotations.contains(rotation) { return .repeated }
        guard takeToken(isFormer: place < chain.cards.count - 1, now: now) else { return .overBudget }
        do throws(RotationError) {
            return try chain.follow(rotation) ? .followed(rotation) : .repeated
        } catch { return error.isSigned ? .refused(error) : .forged }
    }

    private mutating func takeToken(isFormer: Bool, now: MonotonicInstant) -> Bool {
        if refillAt <= now {
            left = (Self.perSecond, Self.formerPerSecond)
            refillAt = now.advanced(by: .seconds(1))
        }
        guard (isFormer ? left.former : left.inUse) > 0 else { return false }
        if isFormer { left.former -= 1 } else { left.inUse -= 1 }
        return true
    }
}
