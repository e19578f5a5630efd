internal import Crypto
public import Datagrams
public import KeyFiles
public import MQTT
public import SenderOTJournal
public import Threading

/// What keeps the sender from starting; one line that names the cause.
public enum SenderServiceError: Error, Sendable, CustomStringConvertible {
    case key(KeyFileError)
    case seal(SealFileError)
    case rotations(RotationFileError)
    case path(DatagramError)
    case epoch(EpochError)
    case broker(ConnectionError)
    case system(SystemError)

    /// Whether the operator has to change what was asked for or the machine's clock, and not the world.
    public var isUsage: Bool {
        switch self {
        case .epoch(.clockTooEarly), .epoch(.notAbove), .epoch(.belowCard): true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .key(let error): error.description
        case .seal(let error): "link.seal: \(error)"
        case .rotations(let error): error.description
        case .path(let error): "link.paths: \(error)"
        case .epoch(let error): error.description
        case .broker(let error): "broker: \(error)"
        case .system(let error): error.description
        }
    }
}
