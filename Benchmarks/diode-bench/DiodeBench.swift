// diode-bench: what the parts cost, beside yardsticks that run in the same minute on the same machine.
//
//   swift run -c release diode-bench           every case
//   swift run -c release diode-bench fec …     some of them
//
// A case is a function that returns rows; `cases` names it, and it has a file of its own. It compares results with a
// reference before it times anything.
//
//   1. BenchRow.swift — one figure beside that of a peer, and the table of them
//   2. Timing.swift — medians of several runs
//   3. FECBench.swift — fec: encoding and decoding of whole blocks
//   4. ISALBlock.swift — the same by ISA-L
//   5. FramesBench.swift — frames: records to signed frames to deliveries, on one core
//   6. RecordSet.swift — what a plant publishes
//   7. SendingSide.swift — the sender between broker and socket
//   8. FrameTape.swift — what it put on the link
//   9. ReceivingSide.swift — the receiver between socket and outbox
//  10. CryptographyAlone.swift — what libcrypto alone takes for a block
//  11. AllocationBench.swift — allocations: what both do without the heap
//  12. BrokersBench.swift — brokers: messages a second from broker to broker
//  13. LatencyBench.swift — latency: from publish to arrival
//  14. DurabilityBench.swift — durability: what disks cost
//  15. EnduranceBench.swift — endurance: whether memory stays where it is
//  16. SnapshotBench.swift — snapshot: what the whole state costs the sender
//  17. RecoveryBench.swift — recovery: what arrives after outages, by what heals
//  18. RebirthBench.swift — rebirth: how long a Sparkplug host waits for births
//  19. ColdStartBench.swift — coldstart: until the IT side has the whole namespace
//  20. MessageWay.swift — real brokers, and the pair or a bridge between them
//  21. LoadRun.swift — one run of load over such a way
//  22. LoadMessage.swift — what the load is made of
//  23. LoadPublisher.swift — publishes it
//  24. LoadConsumer.swift — takes it and checks it
//  25. LoadTally.swift — what the two know of each other
//  26. TopicLoad.swift — many topics at a steady rate
//  27. BrokerStream.swift — a raw MQTT connection

import Glibc

/// One command-line word and what it measures.
struct BenchCase: Sendable {
    let name: String
    let summary: String
    let run: @Sendable () async throws -> [BenchRow]
}

@main
struct DiodeBench {
    static let cases = [
        BenchCase(name: "fec", summary: "Reed–Solomon, beside ISA-L", run: benchFEC),
        BenchCase(
            name: "frames", summary: "both cores, one thread each, beside what libcrypto alone takes", run: benchFrames),
        BenchCase(name: "allocations", summary: "what the cores allocate once they are warm", run: benchAllocations),
        BenchCase(
            name: "brokers", summary: "messages through both brokers, beside mosquitto's bridge", run: benchBrokers),
        BenchCase(name: "latency", summary: "from publish to arrival, beside mosquitto's bridge", run: benchLatency),
        BenchCase(
            name: "durability", summary: "what disks cost: acknowledgements, the outbox, many topics",
            run: benchDurability),
        BenchCase(
            name: "endurance", summary: "memory under loss, hostile frames, an absent broker; a million topics",
            run: benchEndurance),
        BenchCase(
            name: "snapshot", summary: "the whole state: memory, rounds, checkpoints", run: benchSnapshot),
        BenchCase(
            name: "recovery", summary: "what arrives without an operator: erasure code / echo / bundle, in per cent",
            run: benchRecovery),
        BenchCase(
            name: "rebirth", summary: "births of 1,000 metrics for a host, beside the edge node itself",
            run: benchRebirth),
        BenchCase(
            name: "coldstart", summary: "until the IT broker has every retained topic, beside mosquitto's bridge",
            run: benchColdStart),
    ]

    static func main() async {
        let wanted = CommandLine.arguments.dropFirst()
        let known = cases.map(\.name)
        guard wanted.allSatisfy(known.contains) else {
            print("usage: diode-bench [CASE]…")
            for bench in cases { print("  \(bench.name)  \(bench.summary)") }
            exit(2)
        }
        #if DEBUG
            print("This is a debug build: its figures mean nothing. Use make bench")
        #endif
        var failures = 0
        for bench in cases where wanted.isEmpty || wanted.contains(bench.name) {
            print("\(bench.name): \(bench.summary)")
            do {
                BenchRow.printTable(try await bench.run())
            } catch {
                print("  failed: \(error)")
                failures += 1
            }
        }
        if failures > 0 { exit(1) }
    }
}
