import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads messages with Jackson's streaming parser: change batches as they are in `facts`, or one keyed row each. */
final class Rows {
    private static final JsonFactory JSON = new JsonFactory();
    private static final List<String> RESOURCES = List.of(
        "hrss.unemployment_benefit", "hrss.social_insurance", "tax.wage_withholding", "market.enterprise");
    private static final List<String> STATUSES = List.of("active", "dormant", "revoked", "cancelled");

    static List<Row> read(byte[] key, byte[] message) {
        try (JsonParser json = JSON.createParser(message)) {
            List<Row> rows = new ArrayList<>();
            json.nextToken();
            String resource = null, op = null, handle = null, start = null, end = null;
            long version = 0;
            byte code = 0;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "resource" -> resource = json.getText();
                    case "op" -> op = json.getText();
                    case "handle" -> handle = json.getText();
                    case "version" -> version = json.getLongValue();
                    case "start" -> start = text(json);
                    case "end" -> end = text(json);
                    case "codes" -> code = code(json);
                    case "rows" -> {
                        while (json.nextToken() == JsonToken.START_ARRAY) rows.add(row(json, resource));
                    }
                    default -> json.skipChildren();
                }
            }
            if (op != null) {
                String token = new String(key, StandardCharsets.UTF_8);
                rows.add(of(token, resource, op, handle, version, start, end, code));
            }
            return rows;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** One array of a batch: op, handle, version, field, token, start, end, codes. */
    private static Row row(JsonParser json, String resource) throws IOException {
        String op = json.nextTextValue();
        String handle = json.nextTextValue();
        long version = json.nextLongValue(0);
        json.nextTextValue();
        String token = json.nextTextValue();
        json.nextToken();
        String start = text(json);
        json.nextToken();
        String end = text(json);
        json.nextToken();
        byte code = code(json);
        json.nextToken();
        return of(token, resource, op, handle, version, start, end, code);
    }

    private static Row of(
            String token, String resource, String op, String handle, long version, String start, String end, byte code) {
        byte kind = (byte) RESOURCES.indexOf(resource);
        int first = start == null ? 0 : day(start);
        int last = start == null ? 0 : end == null ? 99991231 : day(end);
        return new Row(token, kind, op.equals("d"), handle, version, first, last, code);
    }

    private static String text(JsonParser json) throws IOException {
        return json.currentToken() == JsonToken.VALUE_NULL ? null : json.getText();
    }

    private static byte code(JsonParser json) throws IOException {
        byte code = 0;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String value = json.nextTextValue();
            code = value.equals("back_payment") ? 1 : (byte) Math.max(0, STATUSES.indexOf(value));
        }
        return code;
    }

    private static int day(String iso) {
        int number = 0;
        for (int i = 0; i < iso.length(); i++) {
            char digit = iso.charAt(i);
            if (digit != '-') number = number * 10 + digit - '0';
        }
        return number;
    }
}
