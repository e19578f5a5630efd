import Simulator

/// Signed statements with extreme numbers, through core, database, ledger and the four forms of the audit: each byte string is a script
/// of them (`Tests/Simulator/Extremes`).
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try ExtremeHistory.run(Array(UnsafeBufferPointer(start: start, count: min(count, 1_024))))
    } catch {
        preconditionFailure("\(error)")
    }
    return 0
}
