/* The tree against the published vectors of RFC 6962's reference implementation, and against a second, recursive definition. */
#include "unit.h"

#include "audit/merkle.h"
#include <sodium.h>
#include <string.h>

enum { MOST = 130 };

struct tree {
    merkle_hash node[9][MOST];
    struct merkle_edge edge;
    merkle_hash root[MOST + 1];
};

static void made(void *arg, int level, uint64_t position, const merkle_hash hash)
{
    memcpy(((struct tree *)arg)->node[level][position], hash, MERKLE_HASH);
}

static void get(void *arg, int level, uint64_t position, merkle_hash out)
{
    memcpy(out, ((struct tree *)arg)->node[level][position], MERKLE_HASH);
}

static void hex(const char *text, merkle_hash out)
{
    assert_int_equal(sodium_hex2bin(out, MERKLE_HASH, text, strlen(text), NULL, NULL, NULL), 0);
}

/* The eight leaves and the roots of certificate-transparency's own tests. */
static void the_published_vectors(void **state)
{
    (void)state;
    static const char *const leaves[] = {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    static const char *const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    static struct tree t;
    memset(&t, 0, sizeof t);
    merkle_hash leaf, root, wanted;
    merkle_edge_root(&t.edge, root);
    hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", wanted);
    assert_memory_equal(root, wanted, MERKLE_HASH);
    for (size_t i = 0; i < 8; i++) {
        unsigned char bytes[16];
        size_t length;
        assert_int_equal(sodium_hex2bin(bytes, sizeof bytes, leaves[i], strlen(leaves[i]), NULL, &length, NULL), 0);
        merkle_leaf(bytes, length, leaf);
        merkle_append(&t.edge, leaf, made, &t);
        merkle_edge_root(&t.edge, root);
        hex(roots[i], wanted);
        assert_memory_equal(root, wanted, MERKLE_HASH);
    }
    merkle_hash proof[MERKLE_PROOF]; /* inclusion of leaf 5 in 8, and consistency of 6 with 8, as published */
    static const char *const in[] = {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    assert_int_equal(merkle_inclusion(get, &t, 5, 8, proof), 3);
    for (size_t i = 0; i < 3; i++) {
        hex(in[i], wanted);
        assert_memory_equal(proof[i], wanted, MERKLE_HASH);
    }
    static const char *const grew[] = {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    assert_int_equal(merkle_consistency(get, &t, 6, 8, proof), 3);
    for (size_t i = 0; i < 3; i++) {
        hex(grew[i], wanted);
        assert_memory_equal(proof[i], wanted, MERKLE_HASH);
    }
}

/* MTH as RFC 6962, section 2.1, writes it. */
static void mth(struct tree *t, uint64_t start, uint64_t n, merkle_hash out)
{
    if (n == 1) {
        memcpy(out, t->node[0][start], MERKLE_HASH);
        return;
    }
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    merkle_hash right;
    mth(t, start, k, out);
    mth(t, start + k, n - k, right);
    merkle_node(out, right, out);
}

static void every_size_every_proof(void **state)
{
    (void)state;
    static struct tree t;
    memset(&t, 0, sizeof t);
    merkle_hash leaf, again, proof[MERKLE_PROOF];
    for (uint64_t size = 1; size <= MOST; size++) {
        merkle_leaf(&size, sizeof size, leaf);
        merkle_append(&t.edge, leaf, made, &t);
        merkle_edge_root(&t.edge, t.root[size]);
        mth(&t, 0, size, again);
        assert_memory_equal(t.root[size], again, MERKLE_HASH);
        for (uint64_t i = 0; i < size; i++) {
            size_t n = merkle_inclusion(get, &t, i, size, proof);
            assert_true(merkle_included(t.node[0][i], i, size, proof, n, t.root[size]));
            assert_false(merkle_included(t.node[0][i], i, 4 * size, proof, n, t.root[size])); /* of a tree that is not as large */
            if (size > 1) {
                assert_false(merkle_included(t.node[0][i], (i + 1) % size, size, proof, n, t.root[size]));
                assert_false(merkle_included(t.node[0][(i + 1) % size], i, size, proof, n, t.root[size]));
                assert_false(merkle_included(t.node[0][i], i, size, proof, n - 1, t.root[size]));
                proof[n - 1][0] ^= 1;
                assert_false(merkle_included(t.node[0][i], i, size, proof, n, t.root[size]));
            }
        }
        for (uint64_t from = 1; from <= size; from++) {
            size_t n = merkle_consistency(get, &t, from, size, proof);
            assert_true(merkle_consistent(from, t.root[from], size, t.root[size], proof, n));
            assert_false(merkle_consistent(from, t.root[from], 4 * size, t.root[size], proof, n));
            if (from < size) {
                assert_false(merkle_consistent(from, t.root[size], size, t.root[size], proof, n));
                assert_false(merkle_consistent(from, t.root[from], size, t.root[from], proof, n));
                proof[0][5] ^= 1;
                assert_false(merkle_consistent(from, t.root[from], size, t.root[size], proof, n));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_published_vectors), cmocka_unit_test(every_size_every_proof)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
