package io.recon.flink;

import java.io.Serializable;
import org.apache.flink.api.common.functions.Function;

/** Says what of a program's own type is the record to reconcile. */
@FunctionalInterface
public interface ReconMapping<T> extends Function, Serializable {
    /**
     * Maps one.
     *
     * @param record an empty one to fill in and to return, {@code record.id(order.id).time(order.time)}, which spares making one each
     *     time; any other will do as well
     * @return null: the value is nothing to reconcile
     */
    ReconRecord map(T value, ReconRecord record) throws Exception;
}
