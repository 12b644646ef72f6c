/* The decoder of pipeline/text/segmenter.py, compiled: the same look-ups in the same tables, token by token.

   It is optional. Where it was not built (no compiler) the segmenter does the same with numpy, several times slower; the
   tests hold both to underthesea's output. What needs judgement stays in Python: how a chunk is cut into tokens, what the
   model knows of a token, what is done where a decision is too close. Every index is checked against its table.

   What costs is memory that is not in a cache, so a short chunk is remembered in one line of it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum { VIEWS = 4, COLUMNS = 5, FACTS = 3 * VIEWS, BEGIN = 0, END = 1, BEYOND = 2, EDGE = 2 }; /* as in crf.py */
enum { LETTERS = 12, TOKENS = 4, WAYS = 4 };

/* A chunk between white spaces whose tokens are its parts. */
typedef struct {
    uint16_t letters[LETTERS];
    uint8_t length; /* 0: nothing here */
    uint8_t count;
    uint8_t ends[TOKENS]; /* of the tokens */
    int32_t rows[TOKENS];
} Chunk;

typedef struct {
    Py_buffer rows;     /* int64 (rows, FACTS): bases, then steps, then owners, in all views */
    Py_buffer entries;  /* int64 (places,) */
    Py_buffer worth;    /* double (values, COLUMNS) */
    PyObject *triples;  /* dict: int to tuple of COLUMNS floats */
    long long prefixes; /* values below begin features of three */
    long long whose;
    double b_to_b, b_to_i, i_to_b, i_to_i;
} Model;

typedef struct {
    PyObject *source; /* borrowed: the text, or a string that the reading keeps */
    Py_ssize_t start, length;
    int64_t row;
} Token;

typedef struct {
    Token *tokens;
    Py_ssize_t count, room;
    PyObject *kept;
    Py_UCS4 seen; /* all characters of the tokens, or-ed: widths of strings are powers of two */
} Reading;

static Token *
add(Reading *reading)
{
    if (reading->count == reading->room) {
        const Py_ssize_t room = 2 * reading->room + 64;
        Token *larger = PyMem_Resize(reading->tokens, Token, room);
        if (!larger) {
            PyErr_NoMemory();
            return NULL;
        }
        reading->tokens = larger;
        reading->room = room;
    }
    return &reading->tokens[reading->count++];
}

/* Where a chunk is remembered, or else (found is 0) is to be: one of a few places, empty or to be given up. */
static Chunk *
find(const Py_buffer *known, const uint16_t *letters, Py_ssize_t length, int *found)
{
    uint64_t hash = 14695981039346656037u;
    for (Py_ssize_t i = 0; i < length; i++)
        hash = (hash ^ letters[i]) * 1099511628211u;
    hash ^= hash >> 32;
    const uint64_t sets = (uint64_t)known->len / sizeof(Chunk) / WAYS; /* a power of two */
    Chunk *set = (Chunk *)known->buf + (hash & (sets - 1)) * WAYS, *place = set + (hash >> 60) % WAYS;
    for (Chunk *chunk = set; chunk < set + WAYS; chunk++) {
        if (chunk->length == length && !memcmp(chunk->letters, letters, 2 * (size_t)length)) {
            *found = 1;
            return chunk;
        }
        if (chunk->length == 0)
            place = chunk;
    }
    *found = 0;
    return place;
}

/* Remember what Python made of a chunk, if it fits: its tokens, one after the other, must be the chunk itself. */
static void
remember(const Py_buffer *known, const uint16_t *letters, Py_ssize_t length, PyObject *rows, PyObject *tokens)
{
    const Py_ssize_t count = PyTuple_GET_SIZE(tokens);
    Chunk made = {.length = (uint8_t)length, .count = (uint8_t)count};
    Py_ssize_t at = 0;
    int found;

    if (count > TOKENS)
        return;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *token = PyTuple_GET_ITEM(tokens, i);
        int64_t row;
        for (Py_ssize_t j = 0; j < PyUnicode_GET_LENGTH(token); j++, at++)
            if (at >= length || PyUnicode_READ_CHAR(token, j) != letters[at])
                return;
        memcpy(&row, PyBytes_AS_STRING(rows) + i * (Py_ssize_t)sizeof row, sizeof row);
        if (row < 0 || row > INT32_MAX)
            return;
        made.ends[i] = (uint8_t)at;
        made.rows[i] = (int32_t)row;
    }
    if (at != length)
        return;
    memcpy(made.letters, letters, 2 * (size_t)length);
    *find(known, letters, length, &found) = made;
}

/* Ask Python for the rows and tokens of a chunk. The caller owns what comes. */
static PyObject *
ask(PyObject *maker, PyObject *text, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *chunk = PyUnicode_Substring(text, start, end);
    PyObject *made = chunk ? PyObject_GetItem(maker, chunk) : NULL;
    Py_XDECREF(chunk);
    if (!made)
        return NULL;
    int good = PyTuple_Check(made) && PyTuple_GET_SIZE(made) == 2 && PyBytes_Check(PyTuple_GET_ITEM(made, 0)) &&
               PyTuple_Check(PyTuple_GET_ITEM(made, 1)) &&
               (size_t)PyBytes_GET_SIZE(PyTuple_GET_ITEM(made, 0)) ==
                   (size_t)PyTuple_GET_SIZE(PyTuple_GET_ITEM(made, 1)) * sizeof(int64_t);
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(PyTuple_GET_ITEM(made, 1)); i++)
        good = PyUnicode_Check(PyTuple_GET_ITEM(PyTuple_GET_ITEM(made, 1), i));
    if (!good) {
        PyErr_SetString(PyExc_TypeError, "a chunk is (bytes of rows, tokens)");
        Py_CLEAR(made);
    }
    return made;
}

/* Read the tokens of a text. */
static int
read_text(PyObject *text, const Py_buffer *known, PyObject *inside, PyObject *last, Reading *reading)
{
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t at = 0, end, next;

    while (at < length && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, at)))
        at++;
    for (; at < length; at = next) {
        uint16_t letters[LETTERS];
        Py_UCS4 seen = 0, letter;
        int marked = 0;
        for (end = at; end < length && !Py_UNICODE_ISSPACE(letter = PyUnicode_READ(kind, data, end)); end++) {
            seen |= letter;
            marked |= letter == '.' || letter == ':';
            if (end - at < LETTERS)
                letters[end - at] = (uint16_t)letter;
        }
        for (next = end; next < length && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, next)); next++)
            ;
        const int at_end = marked && next == length; /* where such marks are read otherwise, see segmenter.py */
        const int fits = end - at <= LETTERS && seen <= 0xffff && !at_end;
        int found = 0;
        const Chunk *chunk = fits ? find(known, letters, end - at, &found) : NULL;
        if (found) {
            Py_ssize_t start = 0;
            for (int i = 0; i < chunk->count; i++) {
                Token *token = add(reading);
                if (!token)
                    return -1;
                *token = (Token){text, at + start, chunk->ends[i] - start, chunk->rows[i]};
                start = chunk->ends[i];
            }
            reading->seen |= seen;
            continue;
        }
        PyObject *made = at_end ? ask(last, text, at, length) : ask(inside, text, at, end);
        if (!made || PyList_Append(reading->kept, made) < 0) {
            Py_XDECREF(made);
            return -1;
        }
        PyObject *rows = PyTuple_GET_ITEM(made, 0), *tokens = PyTuple_GET_ITEM(made, 1);
        Py_DECREF(made); /* the list has it */
        if (fits)
            remember(known, letters, end - at, rows, tokens);
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tokens); i++) {
            PyObject *string = PyTuple_GET_ITEM(tokens, i);
            Token *token = add(reading);
            if (!token)
                return -1;
            *token = (Token){string, 0, PyUnicode_GET_LENGTH(string), 0};
            memcpy(&token->row, PyBytes_AS_STRING(rows) + i * (Py_ssize_t)sizeof token->row, sizeof token->row);
            reading->seen |= PyUnicode_MAX_CHAR_VALUE(string);
        }
    }
    return 0;
}

/* leans[2 * EDGE + p]: the sum of all features at token p, in log-odds for I. What falls beyond the text lies around. */
static int
weigh(const Model *model, const int64_t *rows, Py_ssize_t size, double *leans)
{
    const int64_t *table = model->rows.buf, *entries = model->entries.buf;
    const double *worth = model->worth.buf;
    const int64_t known = model->rows.len / (Py_ssize_t)(FACTS * sizeof(int64_t));
    const int64_t places = model->entries.len / (Py_ssize_t)sizeof(int64_t);
    const int64_t values = model->worth.len / (Py_ssize_t)(COLUMNS * sizeof(double));

    for (Py_ssize_t at = 0; at < size; at++)
        if (rows[at] < 0 || rows[at] >= known) {
            PyErr_SetString(PyExc_IndexError, "no such row");
            return -1;
        }
    for (Py_ssize_t at = 0; at < size; at++) {
        const int64_t *first = table + rows[at] * FACTS;
        const int64_t *second = at + 1 < size ? table + rows[at + 1] * FACTS : NULL;
        double *target = leans + 2 * EDGE + at; /* column c bears on the position 2 - c tokens after the first */
        for (int view = 0; view < VIEWS; view++) {
            const int64_t place = first[view] + (second ? second[VIEWS + view] : 0);
            if (place < 0 || place >= places)
                continue;
            const int64_t found = entries[place] ^ first[2 * VIEWS + view];
            if (found < 0 || found >= values)
                continue;
            for (int column = 0; column < COLUMNS; column++)
                target[-column] += worth[found * COLUMNS + column];
            if (found < model->prefixes && at + 2 < size) {
                const int64_t *third = table + rows[at + 2] * FACTS;
                PyObject *key = PyLong_FromLongLong(found * model->whose + third[VIEWS + view]);
                PyObject *row = key ? PyDict_GetItemWithError(model->triples, key) : NULL;
                Py_XDECREF(key);
                if (row && PyTuple_Check(row) && PyTuple_GET_SIZE(row) == COLUMNS)
                    for (int column = 0; column < COLUMNS; column++)
                        target[-column] += PyFloat_AsDouble(PyTuple_GET_ITEM(row, column));
                if (PyErr_Occurred())
                    return -1;
            }
        }
    }
    return 0;
}

/* For each token whether it goes on with the word before it; 0 where a decision is too close to call. */
static int
follow(const Model *model, const double *leans, Py_ssize_t count, double close, char *goes_on)
{
    const double switch_b = model->b_to_b - model->i_to_b, switch_i = model->b_to_i - model->i_to_i;
    const double from_b = model->b_to_i - model->b_to_b, from_i = model->i_to_i - model->i_to_b;
    const double turned = model->b_to_i - model->i_to_b;
    enum { B, I, TURNS }; /* what the next one is not */
    double lead = 0.0, gain = 0.0;

    for (Py_ssize_t at = 0; at < count; at++) {
        lead = leans[at] + gain; /* log-odds of the best way that ends in I against the best that ends in B */
        if (lead < switch_b - close) {
            goes_on[at] = B;
            gain = from_b;
        } else if (lead > switch_i + close) {
            goes_on[at] = I;
            gain = from_i;
        } else if (switch_b + close < lead && lead < switch_i - close) {
            goes_on[at] = TURNS;
            gain = turned - lead;
        } else
            return 0;
    }
    if (-close < lead && lead < close)
        return 0;
    goes_on[count - 1] = lead > 0;
    for (Py_ssize_t at = count - 2; at >= 0; at--)
        if (goes_on[at] == TURNS)
            goes_on[at] = !goes_on[at + 1];
    return 1;
}

/* The tokens with `joint` before those that go on and `apart` before the others. */
static PyObject *
join(const Reading *reading, const char *goes_on, Py_UCS4 apart, Py_UCS4 joint)
{
    Py_ssize_t length = reading->count - 1, at = 0;
    for (Py_ssize_t i = 0; i < reading->count; i++)
        length += reading->tokens[i].length;
    PyObject *made = PyUnicode_New(length, Py_MIN(reading->seen | apart | joint, 0x10ffff));
    if (!made)
        return NULL;
    const int kind = PyUnicode_KIND(made);
    char *data = PyUnicode_DATA(made);
    for (Py_ssize_t i = 0; i < reading->count; i++) {
        const Token token = reading->tokens[i];
        if (i > 0)
            PyUnicode_WRITE(kind, data, at++, goes_on[i] ? joint : apart);
        if ((int)PyUnicode_KIND(token.source) == kind)
            memcpy(data + at * kind, (char *)PyUnicode_DATA(token.source) + token.start * kind, (size_t)token.length * kind);
        else if (PyUnicode_CopyCharacters(made, at, token.source, token.start, token.length) < 0) {
            Py_DECREF(made);
            return NULL;
        }
        at += token.length;
    }
    return made;
}

static PyObject *
decode(const Model *model, const Reading *reading, double close, Py_UCS4 apart, Py_UCS4 joint)
{
    const Py_ssize_t count = reading->count, size = count + 2 * EDGE;
    PyObject *made = NULL;
    int64_t *rows = PyMem_New(int64_t, size);
    double *leans = PyMem_Calloc((size_t)(size + 2 * EDGE), sizeof(double));
    char *goes_on = PyMem_New(char, count);

    if (!rows || !leans || !goes_on)
        PyErr_NoMemory();
    else {
        rows[0] = rows[1] = BEGIN;
        for (Py_ssize_t i = 0; i < count; i++)
            rows[EDGE + i] = reading->tokens[i].row;
        rows[size - 2] = END;
        rows[size - 1] = BEYOND;
        if (weigh(model, rows, size, leans) == 0) {
            if (count == 1 || follow(model, leans + 2 * EDGE, count, close, goes_on))
                made = join(reading, goes_on, apart, joint);
            else
                made = Py_NewRef(Py_None);
        }
    }
    PyMem_Free(rows);
    PyMem_Free(leans);
    PyMem_Free(goes_on);
    return made;
}

static PyObject *
joined(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *text, *inside, *last, *made = NULL;
    Py_buffer known;
    int apart, joint;
    double close, length;
    Model model;
    Reading reading = {0};

    if (!PyArg_ParseTuple(args, "Uw*OO(y*y*y*O!LL(dddd))ddCC", &text, &known, &inside, &last, &model.rows, &model.entries,
                          &model.worth, &PyDict_Type, &model.triples, &model.prefixes, &model.whose, &model.b_to_b,
                          &model.b_to_i, &model.i_to_b, &model.i_to_i, &close, &length, &apart, &joint))
        return NULL;
    const size_t places = (size_t)known.len / sizeof(Chunk);
    if ((size_t)known.len % sizeof(Chunk) || places < WAYS || (places & (places - 1)))
        PyErr_SetString(PyExc_ValueError, "places for chunks are a power of two");
    else if ((reading.kept = PyList_New(0)) && read_text(text, &known, inside, last, &reading) == 0) {
        if (reading.count == 0)
            made = PyUnicode_FromString("");
        else
            made = decode(&model, &reading, close * (1 + (double)reading.count / length), apart, joint);
    }
    PyMem_Free(reading.tokens);
    Py_XDECREF(reading.kept);
    PyBuffer_Release(&known);
    PyBuffer_Release(&model.rows);
    PyBuffer_Release(&model.entries);
    PyBuffer_Release(&model.worth);
    return made;
}

static PyMethodDef methods[] = {
    {"joined", joined, METH_VARARGS, "The tokens of a text joined to words; None where a decision is too close to call."},
    {NULL, NULL, 0, NULL},
};

static int
fill(PyObject *module)
{
    return PyModule_AddIntConstant(module, "CHUNK", sizeof(Chunk));
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "pipeline.text.decoder",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_decoder(void)
{
    return PyModuleDef_Init(&definition);
}
