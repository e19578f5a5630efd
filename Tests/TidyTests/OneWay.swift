/// P5: nothing on the receiver's side of the link can send, and nothing on the sender's side can receive.
///
/// The operating system enforces it when the pair runs; this keeps the calls out of the source in the first place.
enum OneWay {
    struct Side {
        let name: String
        let calls: [String]
        /// Whether this file is link code of this side.
        let holds: @Sendable (String) -> Bool
    }

    static let sides = [
        Side(
            name: "receiver",
            calls: [
                "send", "sendto", "sendmsg", "sendmmsg", "cl_sendmmsg", "write", "writev", "pwrite", "connect",
                "sendfile", "splice",
            ],
            holds: { $0.hasPrefix("Sources/ReceiverIT/") || isDatagrams($0, ["Listen", "Receiv"]) }),
        Side(
            name: "sender",
            calls: ["recv", "recvfrom", "recvmsg", "recvmmsg", "cl_recvmmsg", "read", "readv", "listen", "accept"],
            holds: { isDatagrams($0, ["Emit", "Send"]) || $0.hasPrefix("Sources/SenderOT/FrameEmitter") }),
    ]

    static func findings(in tree: ProjectTree) -> [Finding] {
        sides.flatMap { side in
            tree.paths(under: "Sources/", ending: ".swift").filter(side.holds).flatMap { path in
                tree.lines(of: path).compactMap { line in
                    call(in: line.text, of: side).map {
                        Finding(path, line: line.number, "the \(side.name)'s link code calls \($0)()")
                    }
                }
            }
        }
    }

    /// A call of the C function: not a method of something (`.write(`), unless of the C library, and not a declaration.
    private static func call(in line: Substring, of side: Side) -> String? {
        let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        guard code.contains("(") else { return nil }
        for match in code.matches(of: /(^|[^\w.]|Glibc\.)(\w+)\(/) where side.calls.contains(String(match.output.2)) {
            if !code[..<match.range.upperBound].contains(/\bfunc +\w+\($/) { return String(match.output.2) }
        }
        return nil
    }

    private static func isDatagrams(_ path: String, _ words: [String]) -> Bool {
        path.hasPrefix("Sources/Datagrams/") && words.contains { path.contains($0) }
    }
}
