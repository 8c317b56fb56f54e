-- What `ballium migrate` has compared whole: an area's descriptor and its tables as they were then. `serve` compares these two
-- sums at its start, and the tables themselves only where a sum is another one.
CREATE TABLE core.stamp (
    area text NOT NULL,
    descriptor text NOT NULL, -- SHA-256 of the DDL that the descriptor implies
    catalogue text NOT NULL,  -- sum over the catalogue's rows of the area's schema: any ALTER makes another one
    CONSTRAINT stamp_pk PRIMARY KEY (area)
);
GRANT SELECT ON core.stamp TO ballium_app;
