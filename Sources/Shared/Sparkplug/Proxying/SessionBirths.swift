/// One edge node on the IT side: what hosts see of it. `seq` counts from 0 with each NBIRTH, `bdSeq` is the connection's.
extension EdgeNodeSession {
    /// Connects, gives birth or dies, as the plant, the link and the primary host would have it.
    /// - Parameter token: of the record that is the reason, if there is one.
    mutating func settle(_ world: Circumstances, _ effects: inout ProxyEffects, token: UInt64? = nil) {
        let lives = node.table != nil && node.isSure && world.mayLive
        switch connection {
        case .none where lives && world.mayBegin:
            bdSeq = nextBdSeq
            nextBdSeq &+= 1
            connection = .connecting
            effects.connect(id, will: BirthComposer.nodeDeath(bdSeq: bdSeq, time: world.now.unixMilliseconds))
        case .standing where lives && world.mayBegin && !isBorn:
            bear(world, &effects)
        case .connecting where !lives, .standing where !lives:
            end(world, &effects, token: token)
            return
        case .none, .connecting, .standing, .ending: break
        }
        effects.answer(id, token)
    }

    /// The connection stands.
    mutating func connected(_ world: Circumstances, _ effects: inout ProxyEffects) {
        guard connection == .connecting else { return }
        connection = .standing
        settle(world, &effects)
    }

    /// The connection is over; if it was not said goodbye to, the broker has published the will.
    mutating func lost(_ world: Circumstances, _ effects: inout ProxyEffects) {
        if isBorn { effects.report.deaths += 1 }
        connection = .none
        unpublish()
        settle(world, &effects)
    }

    /// Nothing is heard from the plant any more: what is known may not be so.
    mutating func fallSilent(_ world: Circumstances, _ effects: inout ProxyEffects) {
        node.isSure = false
        for name in devices.keys { devices[name]?.isSure = false }
        settle(world, &effects)
    }

    /// Nothing was missed: what is known is so.
    mutating func becomeSure(_ world: Circumstances, _ effects: inout ProxyEffects) {
        guard node.table != nil else { return }
        node.isSure = true
        for name in devices.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where devices[name].map({ $0.table != nil && !$0.isSure }) ?? false {
            devices[name]?.isSure = true
            if isBorn { bear(name, world, &effects) }
        }
        settle(world, &effects)
    }

    /// A host asks for a birth.
    mutating func askForBirth(_ world: Circumstances, _ effects: inout ProxyEffects) {
        guard isBorn else { return }
        wantsRebirth = true
        if throttle.asks(now: world.now.sinceStart) { bearPending(world, &effects) }
    }

    /// The births that somebody waits for.
    mutating func bearPending(_ world: Circumstances, _ effects: inout ProxyEffects) {
        throttle.forget()
        guard isBorn else { return }
        if wantsRebirth || node.needsBirth {
            if wantsRebirth { effects.report.rebirths += 1 }
            bear(world, &effects)
            return
        }
        for name in devices.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where devices[name]?.needsBirth ?? false {
            bear(name, world, &effects)
        }
        throttle.wasBorn(now: world.now.sinceStart)
    }

    /// NBIRTH, and DBIRTH of each device that lives.
    /// - Parameter time: the payload's timestamp; now, unless the plant's own birth passes through.
    mutating func bear(
        _ world: Circumstances, _ effects: inout ProxyEffects, token: UInt64? = nil, time: UInt64? = nil
    ) {
        guard let table = node.table else { return }
        unpublish()
        node.publishedAliases = claimAliases(of: table)
        let payload = BirthComposer.nodeBirth(
            table, bdSeq: bdSeq, time: time ?? world.now.unixMilliseconds, withAliases: node.publishedAliases != nil)
        seq = 0
        publish(.nodeBirth, nil, payload, token: token, &effects)
        node.isPublished = true
        node.publishedMetrics = table.metrics.count
        isBorn = true
        effects.report.births += 1
        throttle.wasBorn(now: world.now.sinceStart)
        for name in devices.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where devices[name]?.isSure ?? false {
            bear(name, world, &effects)
        }
        effects.release(.all)
    }

    /// DBIRTH of a device that lives.
    mutating func bear(
        _ device: [UInt8], _ world: Circumstances, _ effects: inout ProxyEffects, token: UInt64? = nil,
        time: UInt64? = nil
    ) {
        guard var track = devices[device], let table = track.table else { return }
        usedAliases.subtract(track.publishedAliases ?? [])
        track.publishedAliases = claimAliases(of: table)
        let payload = BirthComposer.deviceBirth(
            table, seq: seq, time: time ?? world.now.unixMilliseconds, withAliases: track.publishedAliases != nil)
        publish(.deviceBirth, device, payload, token: token, &effects)
        track.isPublished = true
        track.publishedMetrics = table.metrics.count
        track.needsBirth = false
        devices[device] = track
        effects.release(.device(device))
    }

    /// DDEATH of a device whose birth is out.
    /// - Parameter payload: the plant's own.
    mutating func publishDeath(
        of device: [UInt8], _ payload: Payload?, time: UInt64, token: UInt64?, _ effects: inout ProxyEffects
    ) {
        let death =
            payload.map {
                let decision = DataRewriter.Decision(naming: .dropped, isHistorical: false)
                return DataRewriter.rewrite(
                    $0, decisions: $0.metrics.map { _ in decision }, seq: seq, time: time)
            } ?? BirthComposer.deviceDeath(seq: seq, time: time)
        publish(.deviceDeath, device, death, token: token, &effects)
    }

    /// A message that takes the next `seq` (`tck-id-payloads-sequence-num-incrementing`).
    mutating func publish(
        _ type: SparkplugTopic.MessageType, _ device: [UInt8]?, _ payload: [UInt8], token: UInt64?,
        _ effects: inout ProxyEffects
    ) {
        effects.publish(id, type, device: device, payload, token: token)
        seq &+= 1
    }

    /// NDEATH, if hosts know of a birth, and goodbye.
    private mutating func end(_ world: Circumstances, _ effects: inout ProxyEffects, token: UInt64?) {
        if isBorn {
            let death = BirthComposer.nodeDeath(bdSeq: bdSeq, time: world.now.unixMilliseconds)
            effects.publish(id, .nodeDeath, death, token: token)
            effects.report.deaths += 1
        } else {
            effects.answer(id, token)
        }
        effects.disconnect(id)
        connection = .ending
        unpublish()
    }

    private mutating func unpublish() {
        isBorn = false
        wantsRebirth = false
        throttle.forget()
        usedAliases = []
        node.unpublish()
        for name in devices.keys { devices[name]?.unpublish() }
    }

    /// - Returns: nil if an alias means something else already: metrics then go by name
    ///   (`tck-id-payloads-alias-uniqueness`).
    private mutating func claimAliases(of table: MetricTable) -> [UInt64]? {
        guard let aliases = table.aliases, usedAliases.isDisjoint(with: aliases) else {
            faults.add(.duplicateAlias)
            return nil
        }
        usedAliases.formUnion(aliases)
        return aliases
    }
}
