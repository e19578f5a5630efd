import DiodeProtocol

/// A resend bundle file: it comes from anywhere.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(BundleError) {
        let bundle = try ResendBundle(parsing: input)
        precondition(Array(bundle.text.utf8) == input, "W-38: a bundle that is read is written back byte for byte")
        precondition(!bundle.runs.isEmpty && bundle.blocks < 1 << 63, "W-38")
        let again = ResendBundle.asking(
            for: bundle.runs, link: bundle.link, fingerprint: bundle.fingerprint, written: bundle.written)
        precondition(again?.bundle == bundle && again?.left == 0, "what fits is asked for as it is")
    } catch {
        precondition(error.description.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "an error is shown on a terminal")
    }
    return 0
}
