import DiodeProtocol

// Which rules of docs/WIRE.md an error can stand for. A vector names one of them.

extension FrameError {
    var rules: Set<String> {
        switch self {
        case .length: ["W-01"]
        case .magic: ["W-02"]
        case .version: ["W-03"]
        case .suite: ["W-44"]
        case .channel, .flags, .sourceSymbols, .symbolCount, .symbolBytes, .firstSymbol: ["W-05"]
        case .packedBytes: ["W-06", "W-26"]
        case .plainBytes: ["W-25", "W-26"]
        case .symbolOutside: ["W-07"]
        case .sequences: ["W-08", "W-09"]
        case .part: ["W-09"]
        case .epoch, .block: ["W-10"]
        }
    }
}

extension ContentError {
    var rules: Set<String> {
        switch self {
        case .truncated, .trailing, .varint, .time, .text, .fieldOrder: ["W-31"]
        case .reserved, .count: ["W-31", "W-32"]
        case .number: ["W-31", "W-34"]
        case .unknownKind: ["W-29"]
        case .topicInvalid: ["W-28"]
        case .topicUnused: ["W-28", "W-29", "W-33"]
        case .topicTwice, .topicOrder: ["W-28", "W-33"]
        case .topicIndex, .versionZero, .shedTotal: ["W-32"]
        case .sequences: ["W-30"]
        case .interval, .topicOutside, .stamp, .tombstone: ["W-33"]
        case .entryOrder: ["W-31", "W-33"]
        case .missingField: ["W-34"]
        case .padding: ["W-14"]
        case .compression, .plainBytes: ["W-25"]
        case .contentBytes: ["W-26"]
        case .sealed: ["W-27"]
        }
    }
}

extension CardError {
    var rules: Set<String> {
        switch self {
        case .tooLong, .notText, .missing, .line, .linkName, .lowestEpoch, .issued: ["W-35"]
        case .key: ["W-35", "W-36"]
        case .signatureForm, .signatureInvalid: ["W-36"]
        case .crypto: []
        }
    }
}
